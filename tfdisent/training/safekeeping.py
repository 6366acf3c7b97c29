"""Saves checkpoints in time, at signals, and at the end."""

import signal
import time
from collections.abc import Callable

import keras

from tfdisent.errors import Interrupted
from tfdisent.training.checkpoints import Checkpoints


class Safekeeping(keras.callbacks.Callback):
    """Saves every so many seconds; at SIGINT and SIGTERM saves and stops.

    A second signal does what it does everywhere.

    Args:
      checkpoints: Where to save.
      first_step: Steps done before.
      seconds: Time between checkpoints.
      waits: Whether to put off a checkpoint that only time asks for.

    Raises:
      Interrupted: In training, after the checkpoint that a signal asked for.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        first_step: int,
        seconds: float,
        waits: Callable[[], bool] = lambda: False,
    ):
        super().__init__()
        self._checkpoints = checkpoints
        self._step = first_step
        self._seconds = seconds
        self._waits = waits
        self._signum = None
        self._handlers = {}

    @property
    def step(self) -> int:
        """Steps that are done."""
        return self._step

    def stop_if_asked(self):
        """Raises Interrupted if a signal came."""
        if self._signum:
            raise Interrupted(self._signum, self._step)

    def on_train_begin(self, logs=None):
        self._last_save = time.monotonic()
        self._handlers = {
            signum: signal.signal(signum, self._on_signal)
            for signum in (signal.SIGINT, signal.SIGTERM)
        }

    def on_train_batch_end(self, batch, logs=None):
        self._step += 1
        due = time.monotonic() - self._last_save >= self._seconds
        if self._signum or (due and not self._waits()):
            self._checkpoints.save(self._step)
            self._last_save = time.monotonic()
        self.stop_if_asked()

    def on_train_end(self, logs=None):
        self._checkpoints.save(self._step)
        self.stop_if_asked()

    def close(self):
        """Gives the signals back to whom they belonged."""
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)

    def _on_signal(self, signum, frame):
        self._signum = signum
        self.close()
