"""Stops a run whose generator and discriminator no longer play."""

import keras

from tfdisent.errors import RunError
from tfdisent.training.faults import fault

PATIENCE = 1_000  # steps


class DivergenceCheck(keras.callbacks.Callback):
    """Watches the logs of a model of `models.gan`; others it leaves alone.

    A run is in doubt while the generator makes one image of all codes, or the
    norm of a gradient is beyond all measure; some get over it. After `PATIENCE`
    such steps in a row it has diverged. What is not finite is seen by
    `FiniteCheck`.

    Args:
      first_step: Steps done before.
      last_checkpoint: Function that names the last one from before the doubt.

    Attributes:
      is_in_doubt: Whether the last step was such a step, so that it is better
        not to save.

    Raises:
      RunError: In training, when the run has diverged.
    """

    def __init__(self, first_step: int, last_checkpoint):
        super().__init__()
        self._step = first_step
        self._last_checkpoint = last_checkpoint
        self._doubtful_steps = 0

    @property
    def is_in_doubt(self) -> bool:
        return self._doubtful_steps > 0

    def on_train_batch_end(self, batch, logs=None):
        self._step += 1
        reason = fault(logs)
        self._doubtful_steps = self._doubtful_steps + 1 if reason else 0
        if self._doubtful_steps >= PATIENCE:
            raise RunError(
                f"Training has diverged: {reason} at step {self._step:,} and "
                f"in the {PATIENCE:,} steps before; the last good checkpoint "
                f"is {self._last_checkpoint()}. Smaller rates, or a larger "
                "--r1, may mend it."
            )
