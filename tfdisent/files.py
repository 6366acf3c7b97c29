"""Files that are written whole or not at all, and by one process."""

import contextlib
import fcntl
import glob
import os
import pathlib
import secrets
from collections.abc import Iterator
from typing import BinaryIO

from tfdisent.errors import RunError, UsageError


@contextlib.contextmanager
def whole_file(path: pathlib.Path) -> Iterator[BinaryIO]:
    """Opens a file that takes the place of `path` when the body is done.

    If the body fails or the process dies, `path` is as it was before. What a
    process that died has left is removed by the next that writes `path`.

    Args:
      path: Of the file; missing folders are made.

    Yields:
      The file, to be written to.

    Raises:
      OSError: If the disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        _remove_abandoned(left)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with _open_locked(temporary) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_utf8(path: str) -> None:
    """Refuses a path that could neither be printed nor noted down.

    Raises:
      UsageError: It is not UTF-8.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = path.encode(errors="backslashreplace").decode()
        raise UsageError(
            f"{shown} has a name that is not UTF-8; rename it."
        ) from None


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


def _open_locked(path: pathlib.Path) -> BinaryIO:
    """A new file; the lock on it, also for other hosts, tells it is written."""
    while True:
        file = path.open("wb")
        fcntl.flock(file, fcntl.LOCK_EX)
        # Another process may have removed it before it was locked.
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _remove_abandoned(path: pathlib.Path) -> None:
    """Removes a file unless a living process holds its lock, or the disk."""
    with contextlib.suppress(OSError), path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
