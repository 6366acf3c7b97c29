"""The body of a REST request, within its limits of size and time."""

import asyncio
import zlib
from collections.abc import Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.errors import HttpError
from tfdisent.serving.status import Code, ServingError

_ENCODINGS = ("gzip", "x-gzip", "deflate")
_ANY_HEADER = 32 + zlib.MAX_WBITS  # of gzip or zlib
# Each takes microseconds, however little it holds.
_MAX_MEMBERS = 4096
_PIECE_BYTES = 2**14


async def read_body(
    request: web.BaseRequest, limits: Limits, hold: Callable[[int], None]
) -> bytes | bytearray:
    """Reads a body as it was sent.

    Args:
      request: whose body is not yet read.
      limits: of the server.
      hold: told the size as it grows; from `BodyRoom.share`.

    Raises:
      HttpError: 413 if it is too large, 408 if it comes too slowly.
      ServingError: INVALID_ARGUMENT; its chunks are broken. Or from `hold`.
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
                hold(len(body))
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
    return body


def inflate(
    body: bytes | bytearray, encoding: str, limits: Limits
) -> bytes | bytearray:
    """Undoes a body's Content-Encoding.

    Args:
      body: as it was sent.
      encoding: the header, which may be empty.
      limits: of the server.

    Raises:
      HttpError: 415 for other encodings than gzip and deflate, 413 if it would
        be too large; no more than that is inflated.
      ServingError: INVALID_ARGUMENT; it is broken, or of over 4096 members.
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
    inflated, place = bytearray(), 0
    try:
        for _ in range(_MAX_MEMBERS):
            place = _inflate_member(body, place, inflated, limits)
            if place == len(body):
                return inflated
    except (zlib.error, EOFError):
        pass
    raise ServingError(
        Code.INVALID_ARGUMENT, f"The body is not valid {encoding}."
    )


def _inflate_member(
    body: bytes | bytearray, place: int, inflated: bytearray, limits: Limits
) -> int:
    """Adds what one member holds, and returns the place after it."""
    stream = zlib.decompressobj(_ANY_HEADER)
    while not stream.eof:
        # In pieces, since what follows the member is copied.
        piece = body[place : place + _PIECE_BYTES]
        if not piece:
            raise EOFError
        inflated += stream.decompress(
            piece, limits.body_bytes + 1 - len(inflated)
        )
        if len(inflated) > limits.body_bytes:
            raise _too_large(limits)
        place += len(piece) - len(stream.unused_data)
    return place


def _too_large(limits: Limits) -> HttpError:
    return HttpError(
        413,
        Code.RESOURCE_EXHAUSTED,
        f"The body is larger than {limits.body_bytes} bytes.",
    )
