"""Whose run a folder is, without TensorFlow, which its configuration needs."""

import json
from pathlib import Path

from tfdisent.errors import RunError, UsageError


def model_of(workdir: Path) -> str:
    """The name of the model of a run, which its server has too.

    Raises:
      UsageError: the folder is none of a run.
      RunError: its configuration cannot be read.
    """
    path = workdir / "config.json"
    try:
        name = json.loads(path.read_text(encoding="utf-8"))["model"]
    except FileNotFoundError:
        raise UsageError(
            f"{workdir} is no folder of a run: it has no config.json."
        ) from None
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError) as error:
        raise RunError(f"{path} is damaged: it names no model.") from error
    if not isinstance(name, str):
        raise RunError(f"{path} is damaged: it names no model.")
    return name
