"""Trains the runs of a study and reports on them."""

import gc
import pathlib
from collections.abc import Mapping, Sequence
from types import ModuleType

import keras

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.training.trainer import train


def run_study(
    study: ModuleType,
    dataset: FactorDataset,
    workdir: pathlib.Path,
    *,
    seeds: Sequence[int],
    steps: int | None = None,
    source: Mapping,
) -> list[str]:
    """Trains what is not yet trained, and writes the report.

    A study that was stopped goes on where it was.

    Args:
      study: A value of STUDIES.
      dataset: What to train on.
      workdir: Of the study; each run has a folder of its own in it.
      seeds: Of the runs.
      steps: Updates of a run; `study.STEPS` unless given.
      source: Fields of `ExperimentConfig` that say what `dataset` was loaded
        from.

    Returns:
      Lines that sum the report up.

    Raises:
      UsageError: If a value is out of range, or a run's folder holds another
        configuration.
      RunError: If a run fails or the report cannot be written.
    """
    steps = study.STEPS if steps is None else steps
    grid = study.grid(seeds, steps, source)
    for number, (name, config) in enumerate(grid.items(), start=1):
        print(f"run {number} of {len(grid)}  {workdir / name}", flush=True)
        train(config, dataset, workdir / name)
        # Graphs and weights of a run that is over.
        keras.backend.clear_session()
        gc.collect()
    return study.report(dataset, workdir, grid)
