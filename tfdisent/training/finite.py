"""Stops a run whose loss is not finite."""

import math

import keras
import numpy as np

from tfdisent.errors import RunError


class FiniteCheck(keras.callbacks.Callback):
    """Stops at the first number in the logs that is not finite.

    The logs are the same on all workers, so all of them stop.

    Args:
      first_step: Steps done before.
      last_checkpoint: Function that names the last good one.

    Raises:
      RunError: In training, when a number is not finite.
    """

    def __init__(self, first_step: int, last_checkpoint):
        super().__init__()
        self._step = first_step
        self._last_checkpoint = last_checkpoint

    def on_train_batch_end(self, batch, logs=None):
        self._step += 1
        for name, value in logs.items():
            if not np.isfinite(value).all():
                raise RunError(
                    f"{name} became {_word(value)} at step {self._step:,}; the "
                    f"last good checkpoint is {self._last_checkpoint()}. A "
                    "smaller --learning_rate usually mends it."
                )


def _word(value) -> str:
    numbers = np.ravel(value)
    return "nan" if any(math.isnan(n) for n in numbers) else "infinite"
