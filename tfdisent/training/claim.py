"""Whose a workdir is: one configuration's, and one writer's at a time."""

import contextlib
import pathlib

import tensorflow as tf

from tfdisent.errors import RunError, UsageError
from tfdisent.files import locked
from tfdisent.training.checkpoints import last_step
from tfdisent.training.cluster import is_chief
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.peers import meet


def sole_writer(
    config: ExperimentConfig, workdir: pathlib.Path
) -> contextlib.AbstractContextManager:
    """Keeps other processes from writing a run; all but the chief only read.

    Raises:
      RunError: On entering, if another process writes it.
    """
    if not is_chief(config.strategy):
        return contextlib.nullcontext()
    busy = f"Another process trains in {workdir}; choose another --workdir."
    return locked(workdir, busy)


def claim_workdir(config: ExperimentConfig, workdir: pathlib.Path) -> bool:
    """Checks config.json; the chief writes it where there is none.

    Returns:
      Whether it was written.

    Raises:
      UsageError: If the workdir holds another configuration.
    """
    path = workdir / "config.json"
    if path.exists():
        _compare(config, workdir)
        return False
    if is_chief(config.strategy):
        config.save(path)
        return True
    return False


def compare_workers(
    config: ExperimentConfig,
    workdir: pathlib.Path,
    strategy: tf.distribute.Strategy,
) -> None:
    """Compares the configurations of all workers with the chief's.

    Raises:
      UsageError: If this worker has another one.
      RunError: If it does not see the chief's.
    """
    meet(strategy)  # Now the chief has written it.
    if not (workdir / "config.json").exists():
        raise RunError(
            f"{workdir} does not have the chief's config.json; --workdir must "
            "be on a disk that all workers share."
        )
    _compare(config, workdir)
    meet(strategy)  # From now on the chief may take it away.


def is_trained(workdir: pathlib.Path) -> bool:
    """Whether the last step of a run is saved, in a file that can be read."""
    path = workdir / "config.json"
    return path.exists() and (
        last_step(workdir / "checkpoints") == ExperimentConfig.load(path).steps
    )


def _compare(config: ExperimentConfig, workdir: pathlib.Path) -> None:
    differences = config.differences(
        ExperimentConfig.load(workdir / "config.json")
    )
    if differences:
        raise UsageError(
            f"{workdir} holds another run ({'; '.join(differences)}); choose "
            "another --workdir or delete it."
        )
