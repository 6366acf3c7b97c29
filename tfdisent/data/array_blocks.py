"""Arrays in npy, npz and hdf5 files, read in blocks of whole images."""

import contextlib
import lzma
import math
import pathlib
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

import h5py
import numpy as np

from tfdisent.data.image_rows import rows_per_read
from tfdisent.errors import RunError, UsageError

SUFFIXES = (".npy", ".npz", ".hdf5", ".h5")

_ROWS_PER_READ = 256
# What the readers of zip, npy and hdf5 raise for a file that is not whole, is
# encrypted or packed in a way that they do not know.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    ValueError,
)


class StoredArray(NamedTuple):
    """An array in an open file.

    Attributes:
      name: In the file; "" in a npy file.
      shape: Its first axis counts what is read in blocks.
      dtype: Of the numbers; objects are never unpickled.
      blocks: Reads it from the start, in blocks [n, ...].
      offset: Where the numbers start in a npy file, one after another in the
        order of C; else None.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    blocks: Callable[[], Iterator[np.ndarray]]
    offset: int | None = None

    def read(self) -> np.ndarray:
        """All of it; it is not empty."""
        return np.concatenate(list(self.blocks()))


@contextlib.contextmanager
def stored_arrays(path: pathlib.Path) -> Iterator[list[StoredArray]]:
    """Opens the arrays of a file, whose first bytes tell its format.

    Args:
      path: A npy, npz or hdf5 file.

    Yields:
      What it holds, open until the body ends.

    Raises:
      UsageError: It is none of these.
      RunError: It is damaged or cut short; reading blocks may find out too.
    """
    with contextlib.ExitStack() as opened:
        with _damage_named(path):
            arrays = _arrays(path, opened)
        yield [array._replace(blocks=_guarded(array, path)) for array in arrays]


def _arrays(
    path: pathlib.Path, opened: contextlib.ExitStack
) -> list[StoredArray]:
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"\x93NUMPY"):
        array = _npy_array("", lambda: path.open("rb"))
        needed = math.prod(array.shape) * array.dtype.itemsize
        needed += array.offset or 0
        # Objects are pickled, in any number of bytes.
        if path.stat().st_size < needed and not array.dtype.hasobject:
            raise EOFError(f"its numbers need {needed}")
        return [array]
    if magic.startswith(b"PK"):
        return _npz_arrays(opened.enter_context(zipfile.ZipFile(path)))
    if magic == b"\x89HDF\r\n\x1a\n":
        return _hdf5_arrays(opened.enter_context(h5py.File(path, "r")))
    raise UsageError(f"{path} is neither npy, npz nor hdf5.")


@contextlib.contextmanager
def _damage_named(path: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except (RunError, UsageError):
        raise
    except DAMAGE as error:
        raise RunError(
            f"{path} is damaged or cut short ({path.stat().st_size} bytes: "
            f"{error}); fetch or write it again."
        ) from error


def _guarded(
    array: StoredArray, path: pathlib.Path
) -> Callable[[], Iterator[np.ndarray]]:
    def blocks():
        with _damage_named(path):
            yield from array.blocks()

    return blocks


def _npz_arrays(archive: zipfile.ZipFile) -> list[StoredArray]:
    return [
        _npy_array(
            member.removesuffix(".npy"),
            lambda member=member: archive.open(member),
        )._replace(offset=None)
        for member in archive.namelist()
        if member.endswith(".npy")
    ]


def _npy_array(name: str, open_file: Callable[[], BinaryIO]) -> StoredArray:
    with open_file() as file:
        shape, fortran, dtype = _npy_header(file)
        start = file.tell()
    row = math.prod(shape[1:]) * dtype.itemsize
    step = rows_per_read(row, _ROWS_PER_READ)

    def blocks():
        with open_file() as file:
            _npy_header(file)
            for first in range(0, shape[0], step):
                n = min(step, shape[0] - first)
                rows = np.frombuffer(file.read(n * row), dtype)
                yield rows.reshape(n, *shape[1:])

    def turned():
        # The first axis is the innermost: a part of it is in all of the file.
        with open_file() as file:
            _npy_header(file)
            whole = np.frombuffer(file.read(shape[0] * row), dtype)
        whole = whole.reshape(shape[::-1]).T
        for first in range(0, shape[0], step):
            yield whole[first : first + step]

    if fortran:
        return StoredArray(name, shape, dtype, turned)
    return StoredArray(name, shape, dtype, blocks, start)


def _npy_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        header = np.lib.format.read_array_header_1_0(file)
    else:
        header = np.lib.format.read_array_header_2_0(file)
    if min(header[0], default=0) < 0:
        raise ValueError(f"its shape is {header[0]}")
    return header


def _hdf5_arrays(root: h5py.File) -> list[StoredArray]:
    found = []

    def add(name, item):
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            found.append(
                StoredArray(
                    name, item.shape, item.dtype, lambda: _hdf5_blocks(item)
                )
            )

    root.visititems(add)
    return found


def _hdf5_blocks(item: h5py.Dataset) -> Iterator[np.ndarray]:
    """Blocks of whole chunks, so that each is unpacked once."""
    chunk = item.chunks[0] if item.chunks else 1
    row = math.prod(item.shape[1:]) * item.dtype.itemsize
    step = chunk * -(-rows_per_read(row, _ROWS_PER_READ) // chunk)
    for start in range(0, item.shape[0], step):
        yield item[start : start + step]
