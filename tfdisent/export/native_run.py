"""Calls of a SavedModel in a fresh process which holds no Python TensorFlow.

Both ends are here: `run_native` for the caller, `main` for the process.
"""

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import tfdisent
from tfdisent.errors import RunError
from tfdisent.export.native_library import library_files
from tfdisent.export.native_session import NativeSession

_TIMEOUT_SECONDS = 600


class NativeCall(NamedTuple):
    """Arrays to feed and tensors to fetch, by name in the graph."""

    feeds: dict[str, np.ndarray]
    fetches: list[str]


def run_native(
    saved_model: Path, calls: Sequence[NativeCall]
) -> list[list[np.ndarray] | str]:
    """Runs calls one after another in one C++ session of a new process.

    Args:
      saved_model: directory of the SavedModel.
      calls: what to run.

    Returns:
      For each call its fetched arrays, or the runtime's error message.

    Raises:
      RunError: the SavedModel does not load, or the process died.
    """
    library_files()
    with tempfile.TemporaryDirectory(prefix="tfdisent-native-") as folder:
        work = Path(folder)
        content = pickle.dumps([tuple(call) for call in calls])
        (work / "calls.pickle").write_bytes(content)
        _run_process(saved_model, work)
        # No one else can write into this folder.
        return pickle.loads((work / "answers.pickle").read_bytes())


def _run_process(saved_model: Path, work: Path) -> None:
    search = [str(Path(tfdisent.__file__).parent.parent)]
    search += filter(None, [os.environ.get("PYTHONPATH")])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(search),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # The training process may hold all memory of the accelerator.
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    command = [sys.executable, "-P", "-m", __name__]
    command += [str(saved_model), str(work)]
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise RunError(
            f"{saved_model} did not answer in TensorFlow's C++ runtime within"
            f" {_TIMEOUT_SECONDS} s."
        ) from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RunError(
            f"{saved_model} does not run in TensorFlow's C++ runtime (exit"
            f" code {done.returncode}): {last}"
        )


def main(saved_model: str, folder: str) -> None:
    """The process: reads calls from the folder and writes their results."""
    work = Path(folder)
    calls = pickle.loads((work / "calls.pickle").read_bytes())
    session = NativeSession(saved_model)
    answers = []
    for feeds, fetches in calls:
        try:
            answers.append(session.run(feeds, fetches))
        except RunError as error:
            answers.append(str(error))
    if "tensorflow" in sys.modules:
        raise RunError("Python's TensorFlow was loaded: this proves nothing.")
    (work / "answers.pickle").write_bytes(pickle.dumps(answers))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except RunError as problem:
        sys.exit(" ".join(str(problem).split()))
