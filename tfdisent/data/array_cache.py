"""A file that keeps a computed array whose hash is known."""

import hashlib
import logging
import os
import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfdisent.errors import RunError
from tfdisent.files import whole_file

_log = logging.getLogger(__name__)


def default_data_dir() -> pathlib.Path:
    """Returns the folder for cached data: ~/.cache/tfdisent, after XDG."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return pathlib.Path(cache).expanduser() / "tfdisent"


def sha256_of(array: np.ndarray) -> str:
    """Returns the sha256 of the array's bytes, as hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()


class Drawn(NamedTuple):
    """An array that a data set is made of.

    Attributes:
      array: Read-only if it lies in a file.
      provenance: Of the data set.
      storage: "memory", or the path of the file that is mapped.
    """

    array: np.ndarray
    provenance: str
    storage: str


def drawn_array(
    name: str,
    draw: Callable[[], np.ndarray],
    *,
    shape: tuple[int, ...],
    sha256: str,
    data_dir: str | os.PathLike | None = None,
) -> Drawn:
    """Opens what is kept of a drawn data set, or draws it.

    Args:
      name: The file is data_dir/<name>_<first digits of the hash>.npy.
      draw: As `make` of `cached_array`, as for the rest.
      shape: Of the array.
      sha256: Of its bytes.
      data_dir: ~/.cache/tfdisent by default.

    Raises:
      RunError: The array that was drawn has another hash.
    """
    folder = pathlib.Path(data_dir or default_data_dir()).expanduser()
    path = folder / f"{name}_{sha256[:8]}.npy"
    array, in_file = cached_array(path, draw, shape=shape, sha256=sha256)
    provenance = f"rendered (sha256 {sha256[:8]})"
    return Drawn(array, provenance, str(path) if in_file else "memory")


def cached_array(
    path: pathlib.Path,
    make: Callable[[], np.ndarray],
    *,
    shape: tuple[int, ...],
    sha256: str,
) -> tuple[np.ndarray, bool]:
    """Maps the array in a file into memory, or makes it and writes the file.

    Every byte of the file is checked. A damaged file is replaced. A file
    that cannot be written costs a warning, and the array stays in memory.

    Args:
      path: the .npy file; its folder is made if need be.
      make: computes the array [*shape] uint8.
      shape: the shape that the array must have.
      sha256: the hash that the bytes of the array must have.

    Returns:
      The array, and whether it lies in the file (then it is read-only).

    Raises:
      RunError: the array that was made has another hash.
    """
    array = _open(path, shape, sha256)
    if array is not None:
        return array, True
    array = make()
    if sha256_of(array) != sha256:
        raise RunError(
            f"The data made for {path.name} have sha256 {sha256_of(array)} "
            f"and should have {sha256}; run the tests of this installation."
        )
    try:
        with whole_file(path) as file:
            np.save(file, array)
    except OSError as error:
        _log.warning(
            "Cannot keep the data in %s (%s); they will be made again by the "
            "next command, unless --data_dir names a folder with %d MB free.",
            path,
            error.strerror or error,
            array.nbytes // 1_000_000 + 1,
        )
        return array, False
    return np.load(path, mmap_mode="r").view(np.ndarray), True


def _open(
    path: pathlib.Path, shape: tuple[int, ...], sha256: str
) -> np.ndarray | None:
    """Maps a good file; says why if it is not good; None if there is none."""
    try:
        array = np.load(path, mmap_mode="r").view(np.ndarray)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, EOFError, OSError) as error:
        _log.warning("The cache %s is damaged and made again: %s", path, error)
        return None
    if array.shape != shape or array.dtype != np.uint8:
        found = f"it holds {array.dtype} {array.shape}"
    elif sha256_of(array) != sha256:
        found = "its sha256 is not the expected one"
    else:
        return array
    _log.warning("The cache %s is damaged and made again: %s", path, found)
    return None
