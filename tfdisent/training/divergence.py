"""Stops a run whose generator and discriminator no longer play."""

import keras
import numpy as np

from tfdisent.errors import RunError

LEAST_SPREAD = 0.02
"""Of generated images over that of true ones; below, all are alike."""
LARGEST_NORM = 1e5
"""Of a gradient; in runs that learn it is below 100."""
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
        fault = _fault(logs)
        self._doubtful_steps = self._doubtful_steps + 1 if fault else 0
        if self._doubtful_steps >= PATIENCE:
            raise RunError(
                f"Training has diverged: {fault} at step {self._step:,} and in "
                f"the {PATIENCE:,} steps before; the last good checkpoint is "
                f"{self._last_checkpoint()}. Smaller rates, or a larger --r1, "
                "may mend it."
            )


def _fault(logs: dict) -> str | None:
    """What is wrong, in words for a person."""
    spread = logs.get("relative_spread")
    if spread is not None and spread < LEAST_SPREAD:
        return (
            "the generator makes one image of all codes (their spread is "
            f"{float(spread):.1%} of that of the data)"
        )
    for name, value in logs.items():
        if name.endswith("_gradient_norm") and np.max(value) > LARGEST_NORM:
            return f"{name} is {float(np.max(value)):.1e}"
    return None
