"""The body of a REST request, within its limits of size and time."""

import asyncio
import zlib

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.errors import HttpError
from tfdisent.serving.status import Code, ServingError

_ENCODINGS = ("gzip", "x-gzip", "deflate")
_ANY_HEADER = 32 + zlib.MAX_WBITS  # of gzip or zlib


async def read_body(request: web.BaseRequest, limits: Limits) -> bytes:
    """Reads a body as it was sent.

    Raises:
      HttpError: 413 if it is too large, 408 if it comes too slowly.
      ServingError: INVALID_ARGUMENT; its chunks are broken.
    """
    if (request.content_length or 0) > limits.body_bytes:
        raise _too_large(limits)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.read_seconds):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > limits.body_bytes:
                    raise _too_large(limits)
    except TimeoutError:
        raise HttpError(
            408,
            Code.DEADLINE_EXCEEDED,
            f"The request took more than {limits.read_seconds:g} s to come.",
        ) from None
    except (web.RequestPayloadError, HttpProcessingError):
        raise ServingError(
            Code.INVALID_ARGUMENT, "The body is not what its headers say."
        ) from None
    return bytes(body)


def inflate(body: bytes, encoding: str, limits: Limits) -> bytes:
    """Undoes a body's Content-Encoding.

    Args:
      body: as it was sent.
      encoding: the header, which may be empty.
      limits: of the server.

    Raises:
      HttpError: 415 for other encodings than gzip and deflate, 413 if it would
        be too large; no more than that is inflated.
      ServingError: INVALID_ARGUMENT; it is broken.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in _ENCODINGS:
        raise HttpError(
            415,
            Code.INVALID_ARGUMENT,
            f"Content-Encoding must be one of {', '.join(_ENCODINGS)}.",
        )
    stream = zlib.decompressobj(_ANY_HEADER)
    try:
        inflated = stream.decompress(body, limits.body_bytes + 1)
    except zlib.error:
        inflated = b""
    if len(inflated) > limits.body_bytes:
        raise _too_large(limits)
    if not stream.eof or stream.unused_data:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"The body is not valid {encoding}."
        )
    return inflated


def _too_large(limits: Limits) -> HttpError:
    return HttpError(
        413,
        Code.RESOURCE_EXHAUSTED,
        f"The body is larger than {limits.body_bytes} bytes.",
    )
