"""Reads SmallNORB from its six published files.

Each is a matrix, compressed by gzip (.mat.gz) or not (.mat), little-endian:

    int32 magic                  0x1E3D4C55 for uint8, 0x1E3D4C54 for int32
    int32 ndim
    int32 dims[max(3, ndim)]     1 after the first ndim
    the elements, the last axis fastest

There are three of the training half and three of the testing half:

    dat     [24300, 2, 96, 96] uint8    the left and the right picture
    cat     [24300] int32               category
    info    [24300, 4] int32            instance, elevation, 2 azimuth, lighting

References:
  https://cs.nyu.edu/~ylclab/data/norb-v1.0-small
"""

import contextlib
import gzip
import math
import pathlib
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image

from tfdisent.data.archives import origin
from tfdisent.data.image_rows import ImageRows
from tfdisent.data.kept_rows import Blocks, kept_rows
from tfdisent.errors import RunError, UsageError

FACTOR_SIZES = (5, 10, 9, 18, 6)
URL = "https://cs.nyu.edu/~ylclab/data/norb-v1.0-small"

_HALVES = (
    "smallnorb-5x46789x9x18x6x2x96x96-training",
    "smallnorb-5x01235x9x18x6x2x96x96-testing",
)
_SIDE = 96
_MAGIC = {np.uint8: 0x1E3D4C55, np.int32: 0x1E3D4C54}
_PAIRS_PER_READ = 256


def open_images(
    folder: pathlib.Path, image_size: int, data_dir: str | None
) -> tuple[ImageRows, np.ndarray, str]:
    """Unpacks the left pictures, once, and opens them.

    Args:
      folder: Has the six files.
      image_size: Side in pixels to which they are resized.
      data_dir: Where they are kept; ~/.cache/tfdisent by default.

    Returns:
      The images [48600, image_size, image_size, 1], their factors [48600, 5],
      and the provenance.

    Raises:
      UsageError: It is not a folder.
      RunError: A file is missing, damaged or another one; or the disk has no
        room.
    """
    if not folder.is_dir():
        raise UsageError(
            f"--data_file={folder} is not a folder; give the one that has the "
            f"six files of SmallNORB, from {URL}."
        )
    files = {
        (half, kind): _find(folder, f"{half}-{kind}.mat")
        for half in _HALVES
        for kind in ("dat", "cat", "info")
    }
    factors = [
        _factors(files[half, "cat"], files[half, "info"]) for half in _HALVES
    ]
    _check_whole(np.concatenate(factors), folder)

    def blocks() -> Blocks:
        for half, table in zip(_HALVES, factors, strict=True):
            start = 0
            for images in _left(files[half, "dat"], image_size):
                yield images, table[start : start + len(images)]
                start += len(images)

    rows, factors_kept = kept_rows(
        "smallnorb",
        list(files.values()),
        blocks,
        num_images=math.prod(FACTOR_SIZES),
        image_shape=(image_size, image_size, 1),
        data_dir=data_dir,
    )
    return rows, factors_kept, origin(folder, rows)


def resized(picture: np.ndarray, size: int) -> np.ndarray:
    """Averages a picture [h, w, 1] uint8 over areas, to [size, size, 1]."""
    image = Image.fromarray(picture[..., 0])
    small = image.resize((size, size), Image.Resampling.BOX)
    return np.asarray(small)[..., None]


def _find(folder: pathlib.Path, name: str) -> pathlib.Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise RunError(
        f"{folder} has no {name} nor {name}.gz; fetch it from {URL}, and leave "
        "its name as it is."
    )


def _factors(cat: pathlib.Path, info: pathlib.Path) -> np.ndarray:
    """The factors [N / 2, 5] of a half."""
    count = math.prod(FACTOR_SIZES) // 2
    with _elements(cat, np.int32, (count,)) as file:
        category = np.frombuffer(_take(file, 4 * count), "<i4")
    with _elements(info, np.int32, (count, 4)) as file:
        others = np.frombuffer(_take(file, 16 * count), "<i4").reshape(-1, 4)
    instance, elevation, azimuth, lighting = others.T
    if np.any(azimuth % 2):
        raise RunError(
            f"{info} has the azimuth {azimuth[azimuth % 2 > 0][0]}, and "
            "SmallNORB has even ones; fetch it again."
        )
    return np.stack(
        [category, instance, elevation, azimuth // 2, lighting], axis=-1
    )


def _check_whole(factors: np.ndarray, folder: pathlib.Path) -> None:
    known = np.all((factors >= 0) & (factors < FACTOR_SIZES), axis=-1)
    different = len(np.unique(factors[known], axis=0))
    if different != len(factors):
        raise RunError(
            f"{folder} does not hold SmallNORB: its {len(factors)} images have "
            f"{different} combinations of factors, and each must have its own; "
            "fetch the six files again."
        )


def _left(dat: pathlib.Path, image_size: int) -> Iterator[np.ndarray]:
    """Yields the first pictures of pairs, [n, image_size, image_size, 1]."""
    count = math.prod(FACTOR_SIZES) // 2
    pair = (2, _SIDE, _SIDE, 1)
    with _elements(dat, np.uint8, (count, *pair[:3])) as file:
        for start in range(0, count, _PAIRS_PER_READ):
            n = min(_PAIRS_PER_READ, count - start)
            content = _take(file, n * math.prod(pair))
            pairs = np.frombuffer(content, np.uint8).reshape(n, *pair)
            yield np.stack([resized(left, image_size) for left in pairs[:, 0]])


@contextlib.contextmanager
def _elements(
    path: pathlib.Path, dtype: type, shape: tuple[int, ...]
) -> Iterator[BinaryIO]:
    """Opens a matrix behind its header; all of it must then be read.

    Raises:
      RunError: The header says something else, or the file is damaged.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            magic, ndim = struct.unpack("<ii", _take(file, 8))
            dims = np.frombuffer(_take(file, 4 * max(3, len(shape))), "<i4")
            found = tuple(dims[:ndim].tolist())
            if (magic, ndim, found) != (_MAGIC[dtype], len(shape), shape):
                raise RunError(
                    f"{path} holds a matrix {found} of type {magic:#x}, and "
                    f"SmallNORB has {shape} of type {_MAGIC[dtype]:#x} there; "
                    "fetch it again, and leave its name as it is."
                )
            yield file
            # The checksum of gzip is compared when its end is read.
            if file.read(1):
                raise EOFError("it goes on after its last element")
    except (OSError, EOFError, zlib.error) as error:
        raise RunError(
            f"{path} is damaged or cut short ({path.stat().st_size} bytes: "
            f"{error}); fetch it again."
        ) from error


def _take(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise EOFError(f"{size - len(content)} more bytes are needed")
    return content
