"""How far the PNG files of a request unpack, seen before a graph reads them.

A byte of a PNG file may unpack to a thousand, in the pixels or in a text that
nobody reads, and TensorFlow unpacks all of it.

References:
  W3C, "Portable Network Graphics (PNG) Specification", sections 5.3 and 11.
  RFC 1950 and 1951.
"""

import asyncio
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfdisent.serving.limits import Limits
from tfdisent.serving.status import Code, ServingError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")  # length of the content, and its kind

_ELEMENT_BYTES = 2
_MOST_RATIO = 1032  # of deflate: 258 bytes in 2 bits
_CHUNK_COST = 300  # bytes that inflate while the head of a chunk is read
_PIECE = 1024  # bytes of input at a time, so that they inflate to 1 MiB


async def check_pngs(inputs: Mapping[str, np.ndarray], limits: Limits) -> None:
    """Refuses PNG files that unpack too far.

    The most is 2 bytes for each of `limits.elements`: as many numbers of 16
    bits as a request may hold. Looking takes up to 3 ns a byte of that, in a
    thread, or nothing if too few bytes came to unpack so far. Files that pass
    cost TensorFlow at most 4 ns a byte more.

    Args:
      inputs: arrays by name; strings that begin as no PNG file may pass.
      limits: of the server.

    Raises:
      ServingError: INVALID_ARGUMENT, all pictures, colour profiles and texts
        together unpack to more.
    """
    files = [
        text
        for array in inputs.values()
        if array.dtype.hasobject
        for text in array.flat
        if text.startswith(_SIGNATURE)
    ]
    most = _ELEMENT_BYTES * limits.elements
    if _MOST_RATIO * sum(map(len, files)) > most:
        await asyncio.to_thread(_check, files, most)


def _check(files: Sequence[bytes], most: int) -> None:
    left = most
    for file in files:
        for stream in _streams(file):
            left -= _CHUNK_COST + _unpacked(stream, left)
            if left < 0:
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"The PNG files of a request may unpack to {most} bytes in"
                    " all; send fewer at a time, without long texts.",
                )


def _streams(file: bytes) -> Iterator[bytes]:
    """What each chunk holds of deflated data, and the pixels in the end."""
    pixels = []
    start = len(_SIGNATURE)
    while start + _CHUNK.size <= len(file):
        size, kind = _CHUNK.unpack_from(file, start)
        start += _CHUNK.size
        content, packed = file[start : start + size], b""
        if kind == b"IDAT":
            pixels.append(content)
        elif kind in (b"zTXt", b"iCCP"):
            packed = content.partition(b"\0")[2][1:]
        elif kind == b"iTXt":
            packed = _international(content)
        yield packed
        start += size + 4
    yield b"".join(pixels)


def _international(content: bytes) -> bytes:
    keyword, _, rest = content.partition(b"\0")
    is_packed, rest = rest[:1] != b"\0", rest[2:]
    language, _, rest = rest.partition(b"\0")
    translated, _, text = rest.partition(b"\0")
    return text if is_packed else b""


def _unpacked(stream: bytes, most: int) -> int:
    """Bytes that zlib data inflate to; if more than `most`, any such number."""
    # Without the head and the checksum, which TensorFlow lets be wrong.
    inflate, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    for start in range(2, len(stream), _PIECE):
        piece = stream[start : start + _PIECE]
        try:
            size += len(inflate.decompress(piece))
        except zlib.error:
            return size + _MOST_RATIO * len(piece)
        if inflate.eof or size > most:
            break
    return size
