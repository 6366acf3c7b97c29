"""Checkpoints of a run: weights, optimizers and with them the step."""

import pathlib
import re

import numpy as np
import tensorflow as tf

from tfdisent.errors import RunError
from tfdisent.models.base import LatentModel


class Checkpoints:
    """The last two checkpoints of a model in a directory.

    All randomness is a function of the step, so weights and optimizers are the
    whole state of a run.

    Args:
      model: A compiled model, or one that is only to be restored.
      directory: Made when the first checkpoint is saved.
    """

    def __init__(self, model: LatentModel, directory: pathlib.Path):
        self._weights = [v.value for v in model.variables]
        state = {"weights": self._weights}
        for name, optimizer in getattr(model, "optimizers", {}).items():
            state[f"optimizer_{name}"] = [v.value for v in optimizer.variables]
        self._state = tf.train.Checkpoint(**state)
        self._has_optimizers = len(state) > 1
        self._directory = directory
        self._manager = tf.train.CheckpointManager(
            self._state, str(directory), max_to_keep=2, checkpoint_name="step"
        )

    @property
    def latest(self) -> str:
        """Path of the last one, or "none"."""
        return self._manager.latest_checkpoint or "none"

    def save(self, step: int) -> None:
        """Saves the state after `step` updates.

        Raises:
          RunError: If a weight is not finite, or the disk refuses.
        """
        if not all(np.isfinite(w.numpy()).all() for w in self._weights):
            raise RunError(
                f"A weight is no longer finite at step {step:,}; the last good "
                f"checkpoint is {self.latest}."
            )
        try:
            self._manager.save(checkpoint_number=step)
        except (OSError, tf.errors.OpError) as error:
            raise RunError(
                f"The checkpoint of step {step:,} cannot be written to "
                f"{self._directory}: {_first_line(error)} The last good one is "
                f"{self.latest}."
            ) from error

    def restore(self) -> int:
        """Takes up the last checkpoint.

        Returns:
          Its step; 0 where there is none yet.

        Raises:
          RunError: If it cannot be read or belongs to another architecture.
        """
        if not self._manager.latest_checkpoint:
            return 0
        try:
            status = self._state.restore(self._manager.latest_checkpoint)
            status.assert_existing_objects_matched()
            if self._has_optimizers:
                status.assert_consumed()
            else:
                status.expect_partial()
        except (
            AssertionError,
            ValueError,
            IndexError,  # of a file cut short
            OSError,
            tf.errors.OpError,
        ) as error:
            raise RunError(
                f"{self.latest} does not fit the model of config.json or is "
                f"damaged: {_first_line(error)}"
            ) from error
        return int(self._manager.latest_checkpoint.rsplit("-", 1)[1])


def _first_line(error: Exception) -> str:
    """The sentence in an error, without TensorFlow's names of its nodes."""
    line = re.sub(r"\{\{.*?\}\} | \[Op:.*", "", str(error).splitlines()[0])
    return line.rstrip(".") + "."
