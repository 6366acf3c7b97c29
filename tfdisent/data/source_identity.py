"""What tells that files have changed since they were unpacked."""

import hashlib
import os
import pathlib
from collections.abc import Iterable


def identity_of(path: pathlib.Path) -> list:
    """Path, size and time of a file, or path and listing of a folder.

    Args:
      path: Of the file or folder; what does not exist has an identity as well.

    Returns:
      What JSON can hold, and changes with the content.
    """
    if not path.is_dir():
        return [str(path.resolve()), *_state(path)]
    files = sorted(file for file in path.rglob("*") if file.is_file())
    names = [file.relative_to(path).as_posix() for file in files]
    return [str(path.resolve()), listing_of(path, names)]


def listing_of(folder: pathlib.Path, names: Iterable[str]) -> str:
    """A hash that changes when a file is added, removed or written.

    Args:
      folder: Of the files.
      names: Their paths within it, some of which may not exist.
    """
    digest = hashlib.sha256()
    for name in names:
        state = " ".join(map(str, _state(f"{folder}/{name}")))
        digest.update(f"{name}\0{state}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _state(path: str | os.PathLike) -> list:
    try:
        status = os.stat(path)
    except OSError:
        return ["not there"]
    return [status.st_size, status.st_mtime_ns]
