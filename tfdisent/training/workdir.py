"""Files of a run: its directory holds all that is known of it."""

import json
import os
import pathlib

from tfdisent.errors import RunError
from tfdisent.files import whole_file


def write_atomically(path: pathlib.Path, text: str) -> None:
    """Writes a text file, whole or not at all.

    Raises:
      RunError: If it cannot be written.
    """
    try:
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror}."
        ) from error


def make_directory(path: pathlib.Path) -> None:
    """Makes a directory and its parents.

    Raises:
      RunError: If it cannot be made or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{path} cannot be made: {error.strerror}.") from error
    if not os.access(path, os.W_OK):
        raise RunError(f"{path} cannot be written to: no permission.")


def read_log(path: pathlib.Path) -> list[dict]:
    """The records of a log.jsonl up to the first line that is none.

    A crash can cut the last line short.
    """
    if not path.exists():
        return []
    records = []
    for line in path.read_text(errors="replace").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            break
        if not isinstance(record, dict) or not {"step", "seconds"} <= set(
            record
        ):
            break
        records.append(record)
    return records


def truncate_log(path: pathlib.Path, last_step: int) -> list[dict]:
    """Drops the records after a checkpoint: those steps are done again."""
    records = [r for r in read_log(path) if r["step"] <= last_step]
    write_atomically(path, "".join(json.dumps(r) + "\n" for r in records))
    return records
