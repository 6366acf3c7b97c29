"""Files that are written whole or not at all, and by one process."""

import contextlib
import fcntl
import os
import pathlib
from collections.abc import Iterator
from typing import BinaryIO

from tfdisent.errors import RunError


@contextlib.contextmanager
def whole_file(path: pathlib.Path) -> Iterator[BinaryIO]:
    """Opens a file that takes the place of `path` when the body is done.

    If the body fails or the process dies, `path` is as it was before.

    Args:
      path: Of the file; missing folders are made.

    Yields:
      The file, to be written to.

    Raises:
      OSError: If the disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(directory: pathlib.Path, busy: str) -> Iterator[None]:
    """Keeps other processes out of a directory while the body runs.

    The file `.lock` stays; the lock on it goes with the process.

    Args:
      directory: Exists and may be written.
      busy: What to say if another process holds the lock.

    Raises:
      RunError: If another process holds it, or the disk refuses.
    """
    try:
        lock = open(directory / ".lock", "a")  # noqa: SIM115
    except OSError as error:
        raise RunError(
            f"{directory} cannot be written: {error.strerror}."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(busy) from None
        yield
