"""A run from its directory, for the commands that take a trained one."""

import pathlib
from typing import NamedTuple

from absl import flags

from tfdisent.cli.data_flags import define_data_dir
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import RunError, UsageError
from tfdisent.models import INSTRUMENTS
from tfdisent.models.base import LatentModel
from tfdisent.training.build import load_model
from tfdisent.training.claim import compare_data
from tfdisent.training.config import ExperimentConfig, build_dataset

FLAGS = flags.FLAGS


class TrainedRun(NamedTuple):
    """What a directory holds; `step` is that of the last checkpoint."""

    workdir: pathlib.Path
    config: ExperimentConfig
    dataset: FactorDataset
    model: LatentModel
    step: int


def define_flags() -> None:
    """Defines --workdir and --data_dir."""
    flags.DEFINE_string("workdir", None, "Folder of the run.")
    define_data_dir()


def from_flags(argv: list[str]) -> TrainedRun:
    """Loads the run of --workdir.

    Raises:
      UsageError: If the command line is off.
      RunError: If there is no run, or no checkpoint yet.
    """
    if argv[1:]:
        raise UsageError(
            f"{' '.join(argv[1:])} is not understood; write --flag=value."
        )
    if not FLAGS.workdir:
        raise UsageError("--workdir is missing; give the folder of a run.")
    return load(pathlib.Path(FLAGS.workdir))


def load(workdir: pathlib.Path) -> TrainedRun:
    """Loads the run of a folder.

    Raises:
      UsageError: If it is no run of a model, or its data have changed.
      RunError: If there is no run, or no checkpoint yet.
    """
    config = ExperimentConfig.load(workdir / "config.json")
    if config.model in INSTRUMENTS:
        raise UsageError(
            f"{workdir} is a run of {config.model}, which belongs to a study "
            "and cannot be evaluated, drawn or exported on its own."
        )
    dataset = build_dataset(config, FLAGS.data_dir)
    compare_data(dataset, workdir)
    model, step = load_model(config, dataset, workdir)
    if not step:
        raise RunError(f"{workdir} has no checkpoint yet; bin/train goes on.")
    waiting = [o for o in model.objectives() if o.start >= step]
    if waiting:
        raise RunError(
            f"{workdir} is at step {step:,} and the objective "
            f"{waiting[0].name} starts at step {waiting[0].start:,}; bin/train "
            "goes on."
        )
    return TrainedRun(workdir, config, dataset, model, step)
