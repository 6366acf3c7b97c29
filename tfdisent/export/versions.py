"""Version directories that appear whole or not at all."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfdisent.errors import RunError
from tfdisent.files import locked

_LARGEST = 2**63 - 1  # servers read version numbers as int64
_TAKEN = (errno.EEXIST, errno.ENOTDIR, errno.ENOTEMPTY)


@contextmanager
def new_version(base: Path) -> Iterator[tuple[Path, Path]]:
    """Publishes what the body writes as the next version, by one rename.

    The number is one above the highest there, since servers take the highest.
    If the body fails nothing remains. What a killed exporter left behind is
    removed; the lock, which the system drops with the process, tells.

    Args:
      base: the directory that holds the versions; made if missing.

    Yields:
      The temporary directory to fill, which exists and is empty, and the
      version directory that it becomes.

    Raises:
      RunError: another exporter is at work here, no number is left, another
        program took the number meanwhile, or the disk refuses.
    """
    try:
        _make(base)
        busy = f"another process exports to {base}; try again when it ends."
        with locked(base, busy):
            for left_over in base.glob(".tmp-*"):
                shutil.rmtree(left_over)
            version = base / str(_next_number(base))
            temporary = base / f".tmp-{version.name}"
            temporary.mkdir()
            try:
                yield temporary, version
                for folder, _, files in os.walk(temporary):
                    for name in (*files, "."):
                        _sync(os.path.join(folder, name))
                _rename(temporary, version)
                _sync(base)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise RunError(
            f"could not write an export in {base}: {error}; it must be a"
            " folder that may be written, with space for the model."
        ) from error


def _make(base: Path) -> None:
    missing = [x for x in (base, *base.parents) if not x.exists()]
    base.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _sync(made.parent)


def _next_number(base: Path) -> int:
    # As servers read names: the whole of it is a number that fits int64.
    names = [path.name for path in base.iterdir()]
    numbers = [int(n) for n in names if re.fullmatch(r"[+-]?[0-9]+", n)]
    highest = max([0, *(n for n in numbers if n <= _LARGEST)])
    if highest == _LARGEST:
        raise RunError(
            f"{base} has the version {highest}, the highest that a server can"
            " read; rename or remove it."
        )
    return highest + 1


def _rename(temporary: Path, version: Path) -> None:
    try:
        os.rename(temporary, version)
    except OSError as error:
        if error.errno not in _TAKEN:
            raise
        raise RunError(
            f"another program made {version} while that version was exported;"
            " export again for the next number."
        ) from error


def _sync(path: Path | str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
