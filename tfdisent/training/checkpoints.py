"""Checkpoints of a run: weights, optimizers and with them the step."""

import logging
import pathlib
import re

import numpy as np
import tensorflow as tf

from tfdisent.errors import RunError
from tfdisent.models.base import LatentModel

_log = logging.getLogger(__name__)
# What TensorFlow raises for another architecture and for damaged files.
_UNREADABLE = (
    AssertionError,
    ValueError,
    IndexError,
    OSError,
    tf.errors.OpError,
)


class Checkpoints:
    """The last two checkpoints of a model in a directory.

    All randomness is a function of the step, so weights and optimizers are the
    whole state of a run.

    Args:
      model: A compiled model, or one that is only to be restored.
      directory: Made when the first checkpoint is saved.
      is_chief: Whether this process is the one to write.
    """

    def __init__(
        self,
        model: LatentModel,
        directory: pathlib.Path,
        *,
        is_chief: bool = True,
    ):
        self._weights = [v.value for v in model.variables]
        state = {"weights": self._weights}
        for name, optimizer in getattr(model, "optimizers", {}).items():
            state[f"optimizer_{name}"] = [v.value for v in optimizer.variables]
            state["step"] = model.step
        self._values = state
        self._state = tf.train.Checkpoint(**state)
        self._has_optimizers = len(state) > 1
        self._directory = directory
        self._manager = self._make_manager() if is_chief else None

    @property
    def latest(self) -> str:
        """Path of the last one, or "none"."""
        return next(iter(_paths(self._directory)), "none")

    @property
    def variables(self) -> list[tf.Variable]:
        """All of the state."""
        return tf.nest.flatten(self._values)

    def save(self, step: int) -> None:
        """Saves the state after `step` updates; all but the chief only check.

        Raises:
          RunError: If a weight is not finite, or the disk refuses.
        """
        if not all(np.isfinite(w.numpy()).all() for w in self._weights):
            raise RunError(
                f"A weight is no longer finite at step {step:,}; the last good "
                f"checkpoint is {self.latest}."
            )
        if self._manager is None:
            return
        try:
            self._manager.save(checkpoint_number=step)
        except (OSError, tf.errors.OpError) as error:
            raise RunError(
                f"The checkpoint of step {step:,} cannot be written to "
                f"{self._directory}: {_first_line(error)} The last good one is "
                f"{self.latest}."
            ) from error

    def restore(self) -> int:
        """Takes up the last checkpoint that can be read.

        Returns:
          Its step; 0 where there is none yet.

        Raises:
          RunError: If none can be read or they are of another architecture.
        """
        paths = _paths(self._directory)
        for path in paths:
            try:
                self._restore(path)
            except _UNREADABLE as error:
                problem = (
                    f"{path} does not fit the model of config.json or is "
                    f"damaged: {_first_line(error)}"
                )
                if path == paths[-1]:
                    raise RunError(problem) from error
                _log.warning("%s Going back to the one before.", problem)
            else:
                return _step_of(path)
        return 0

    def _restore(self, path: str) -> None:
        status = self._state.restore(path)
        status.assert_existing_objects_matched()
        if self._has_optimizers:
            status.assert_consumed()
        else:
            status.expect_partial()

    def _make_manager(self) -> tf.train.CheckpointManager:
        def make():
            return tf.train.CheckpointManager(
                self._state,
                str(self._directory),
                max_to_keep=2,
                checkpoint_name="step",
            )

        try:
            return make()
        except ValueError:
            # A list of checkpoints cut short by a crash; `_paths` needs none.
            (self._directory / "checkpoint").unlink()
            return make()


def last_step(directory: pathlib.Path) -> int:
    """Step of the last checkpoint that can be read; 0 where there is none."""
    return next(
        (_step_of(path) for path in _paths(directory) if _is_whole(path)), 0
    )


def _is_whole(path: str) -> bool:
    try:
        reader = tf.train.load_checkpoint(path)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)  # Checks the sums of bytes.
    except _UNREADABLE:
        return False
    return True


def _paths(directory: pathlib.Path) -> list[str]:
    """Whole checkpoints, the newest first: their index is written last."""
    paths = [
        str(index.with_suffix("")) for index in directory.glob("step-*.index")
    ]
    return sorted(paths, key=_step_of, reverse=True)


def _step_of(path: str) -> int:
    return int(path.rsplit("-", 1)[1])


def _first_line(error: Exception) -> str:
    """The sentence in an error, without TensorFlow's names of its nodes."""
    line = re.sub(r"\{\{.*?\}\} | \[Op:.*", "", str(error).splitlines()[0])
    return line.rstrip(".") + "."
