"""What the folder of a run tells of its progress, without TensorFlow."""

import functools
import json
import time
from pathlib import Path
from typing import NamedTuple

from tfdisent.errors import RunError
from tfdisent.training.faults import fault
from tfdisent.training.workdir import read_log

RECENT = 10  # records, for the speed
PATIENCE = 3.0  # times the time of a record, until a silent run counts as over
STARTING = 30.0  # seconds beside it: a checkpoint or tracing takes a while


class WatchedRun(NamedTuple):
    """A run as its files are now.

    Attributes:
      workdir: Of the run.
      config: Its config.json; None as long as there is none.
      records: Of its log.jsonl.
      silence: Seconds since the log was written.
    """

    workdir: Path
    config: dict | None
    records: list[dict]
    silence: float

    @property
    def step(self) -> int:
        """Steps that the log has."""
        return self.records[-1]["step"] if self.records else 0

    @property
    def num_steps(self) -> int:
        """Steps of the whole run."""
        return self.config["steps"]

    @property
    def state(self) -> str:
        """missing, waiting, training, in doubt, trained, stopped, diverged."""
        if self.config is None:
            return "missing"
        if not self.records:
            return "waiting"
        if self.step >= self.num_steps:
            return "trained"
        is_silent = self.silence > STARTING + PATIENCE * self._record_seconds
        if fault(self.records[-1]):
            return "diverged" if is_silent else "in doubt"
        return "stopped" if is_silent else "training"

    @property
    def note(self) -> str:
        """The state in a sentence."""
        if self.state == "missing":
            return f"There is no run in {self.workdir} yet: no config.json."
        if self.state == "waiting":
            return (
                "No step is logged yet: it loads its data or starts, or was "
                "stopped before."
            )
        if self.state in ("in doubt", "diverged"):
            return f"In doubt: {fault(self.records[-1])}."
        if self.state == "stopped":
            return (
                f"Nothing was logged for {self.silence / 60:,.0f} minutes; if "
                "no process trains, the same bin/train command goes on."
            )
        return ""

    @property
    def seconds_left(self) -> float | None:
        """Until the last step, at the speed of the last records."""
        first, *others = self.records[-RECENT:] or [None]
        if not others or self.state not in ("training", "in doubt"):
            return None
        steps = self.step - first["step"]
        seconds = others[-1]["seconds"] - first["seconds"]
        return (self.num_steps - self.step) * seconds / steps

    def series(self, name: str) -> list[float]:
        """A number of the log, over all records that have it."""
        return [r[name] for r in self.records if name in r]

    @property
    def _record_seconds(self) -> float:
        """Between the last two records; of the first since the start."""
        times = [0.0, *(record["seconds"] for record in self.records[-2:])]
        return times[-1] - times[-2]


def read_run(workdir: Path) -> WatchedRun:
    """Reads a run, which need not be there yet.

    Raises:
      RunError: If its files cannot be read or are damaged.
    """
    path = workdir / "config.json"
    log = workdir / "log.jsonl"
    try:
        config = json.loads(path.read_text())
        int(config["steps"]), str(config["model"])
    except FileNotFoundError:
        return WatchedRun(workdir, None, [], 0.0)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError) as error:
        raise RunError(f"{path} is damaged: it is no configuration.") from error
    try:
        stamp = log.stat()
        records = _records(log, stamp.st_mtime_ns, stamp.st_size)
    except FileNotFoundError:
        return WatchedRun(workdir, config, [], 0.0)
    except OSError as error:
        raise RunError(f"{log} cannot be read: {error.strerror}.") from error
    return WatchedRun(workdir, config, records, time.time() - stamp.st_mtime)


@functools.lru_cache(maxsize=256)
def _records(path: Path, *stamp: int) -> list[dict]:
    """The records of a log, read again when the stamp of its file changes."""
    del stamp
    return read_log(path)
