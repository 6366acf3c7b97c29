"""Whose a workdir is: one configuration's, and one writer's at a time."""

import contextlib
import json
import pathlib

import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import RunError, UsageError
from tfdisent.files import locked
from tfdisent.training.checkpoints import last_step
from tfdisent.training.cluster import is_chief
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.peers import meet
from tfdisent.training.workdir import write_atomically

DATA = "data.json"


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


def claim_data(dataset: FactorDataset, workdir: pathlib.Path) -> None:
    """Notes what a new run is trained on."""
    text = json.dumps(_described(dataset), indent=2) + "\n"
    write_atomically(workdir / DATA, text)


def compare_data(dataset: FactorDataset, workdir: pathlib.Path) -> None:
    """Compares images with those that a run was trained on, if it was noted.

    Raises:
      UsageError: If they are others: a file or folder has changed since then.
    """
    try:
        noted = json.loads((workdir / DATA).read_text())
    except FileNotFoundError:
        return
    except ValueError as error:
        raise RunError(f"{workdir / DATA} is damaged: {error}") from error
    if noted != _described(dataset):
        raise UsageError(
            f"{workdir} was trained on {noted.get('images')} images, "
            f"{noted.get('provenance')}, and now these are {len(dataset)}, "
            f"{dataset.provenance}; bring the data back as they were, or "
            "choose another --workdir."
        )


def _described(dataset: FactorDataset) -> dict:
    return {
        "name": dataset.name,
        "provenance": dataset.provenance,
        "images": len(dataset),
    }


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
