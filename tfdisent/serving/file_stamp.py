"""Whether a file has changed, without reading it."""

import os
from pathlib import Path


def file_stamp(path: Path) -> tuple | None:
    """What differs after a file was written or replaced; None without one."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
