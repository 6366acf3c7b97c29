"""What a person sees of a run: the progress bar and log.jsonl."""

import contextlib
import json
import pathlib
import sys
import time
from collections.abc import Callable

import keras
import numpy as np
import tqdm

from tfdisent.errors import RunError
from tfdisent.training.active import ACTIVE_NATS
from tfdisent.training.device import device_name

LOG_EVERY = 50  # steps
SECONDS_BETWEEN_LINES = 20  # where the output is no terminal

_BAR = (
    "{desc} {percentage:3.0f}%|{bar}| {n:,}/{total:,} steps "
    "[{elapsed}<{remaining}{postfix}]"
)


class Progress(keras.callbacks.Callback):
    """Shows and logs means over every LOG_EVERY steps.

    Args:
      path: The log; one JSON object a line is appended.
      first_step: Steps done before.
      num_steps: Steps of the whole run.
      batch_size: Over all replicas.
      seconds: Time that the steps before took.
      last_checkpoint: Function that names the last good one.
      on_record: Also takes every record that is logged.

    Raises:
      RunError: In training, when the disk refuses.
    """

    def __init__(
        self,
        path: pathlib.Path,
        *,
        first_step: int,
        num_steps: int,
        batch_size: int,
        seconds: float,
        last_checkpoint,
        on_record: Callable[[dict], None] | None = None,
    ):
        super().__init__()
        self._path = path
        self._step = first_step
        self._num_steps = num_steps
        self._batch_size = batch_size
        self._seconds = seconds
        self._last_checkpoint = last_checkpoint
        self._on_record = on_record
        self._window = []
        self._device = device_name()
        self._file = open(path, "a", buffering=1)  # noqa: SIM115
        is_terminal = sys.stderr.isatty()
        self._bar = tqdm.tqdm(
            desc="train",
            total=num_steps,
            initial=first_step,
            bar_format=_BAR + ("" if is_terminal else "\n"),
            mininterval=0.2 if is_terminal else SECONDS_BETWEEN_LINES,
            maxinterval=60,
            dynamic_ncols=is_terminal,
        )
        self._window_start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._step += 1
        self._window.append(logs)
        if self._step % LOG_EVERY == 0:
            self._log(self._record())
        self._bar.update()

    def on_train_end(self, logs=None):
        if self._window:
            self._log(self._record())

    def close(self):
        """Ends the bar and the files."""
        self._bar.close()
        with contextlib.suppress(OSError):  # A full disk was said before.
            self._file.close()

    def _record(self) -> dict:
        """Means since the last record."""
        now = time.perf_counter()
        elapsed, self._window_start = now - self._window_start, now
        self._seconds += elapsed
        means = {
            name: np.mean([np.asarray(logs[name]) for logs in self._window], 0)
            for name in self._window[0]
        }
        images = len(self._window) * self._batch_size
        self._window = []
        record = {
            "step": self._step,
            "seconds": round(self._seconds, 3),
            "images_per_second": round(images / elapsed, 1),
            "device": self._device,
            **{k: np.round(v, 5).tolist() for k, v in means.items()},
        }
        if "kl_per_latent" in means:
            active = means["kl_per_latent"] > ACTIVE_NATS
            record["active_latents"] = int(active.sum())
        return record

    def _log(self, record):
        try:
            self._file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise RunError(
                f"{self._path} cannot be written: {error.strerror}; the last "
                f"good checkpoint is {self._last_checkpoint()}."
            ) from error
        self._bar.set_postfix_str(_summary(record), refresh=False)
        if self._on_record:
            self._on_record(record)


def _summary(record: dict) -> str:
    """The numbers at the end of the bar."""
    parts = [f"{record['images_per_second']:,.0f} images/s"]
    shown = [name for name in ("distortion", "rate") if name in record]
    # Before a decoder learns there are only losses.
    for name in shown or [n for n in record if n.endswith("_loss")]:
        parts.append(f"{name} {record[name]:.1f}")
    if "active_latents" in record:
        parts.append(
            f"active {record['active_latents']}/{len(record['kl_per_latent'])}"
        )
    return ", ".join(parts)
