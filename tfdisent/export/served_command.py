"""The command line that serves an export with TensorFlow Serving."""

import csv
import io
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from tfdisent.errors import UsageError

IMAGE = "tensorflow/serving:2.20.0"
"""The newest of the official images for processors."""


def served_command(directory: Path | str, name: str) -> str:
    """The docker command that serves an export directory on this machine.

    gRPC listens on port 8500 and REST on 8501, both on the loopback only.

    Args:
      directory: holds the versions; `export_model` got the same.
      name: of the model in requests, from letters, digits, ".", "_", "-".

    Returns:
      A command for a POSIX shell.

    Raises:
      UsageError: the name has other characters.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", name):
        raise UsageError(
            f"model name {name!r}: it may hold 1 to 128 letters, digits,"
            " '.', '_' and '-'."
        )
    source = Path(directory).resolve()
    target = f"/models/{name}"
    mount = ("type=bind", f"source={source}", f"target={target}", "readonly")
    return shlex.join(
        [
            *("docker", "run", "--rm"),
            *("--publish", "127.0.0.1:8500:8500"),
            *("--publish", "127.0.0.1:8501:8501"),
            *("--mount", _csv(mount)),
            *("--env", f"MODEL_NAME={name}"),
            IMAGE,
        ]
    )


def _csv(fields: Sequence[str]) -> str:
    """One line as docker reads it: a path may hold commas and quotes."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue().removesuffix("\n")
