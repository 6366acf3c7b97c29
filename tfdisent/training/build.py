"""From the configuration of a run to its model, new or trained."""

import pathlib

import keras

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError
from tfdisent.models import INSTRUMENTS
from tfdisent.models.base import LatentModel
from tfdisent.training.checkpoints import Checkpoints
from tfdisent.training.claim import is_trained
from tfdisent.training.config import (
    ExperimentConfig,
    model_arguments,
    model_class,
)
from tfdisent.training.optimizers import compile_for


def build_model(
    config: ExperimentConfig,
    dataset: FactorDataset,
    precision: str = "float32",
) -> LatentModel:
    """The model of a run, with its initial weights.

    Args:
      config: Of the run.
      dataset: What it is for.
      precision: Of its layers; the weights are the same in all.

    Raises:
      UsageError: If a run that it builds on is not there, not trained to its
        end, without an encoder, or of other images.
      RunError: If that run is damaged.
    """
    hparams = {
        name: _trained(value, config.model, dataset)
        if model_arguments(config.model)[name].type is LatentModel
        else value
        for name, value in config.hparams.items()
    }
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return model_class(config.model).from_dataset(
            dataset, seed=config.seed, **hparams
        )
    finally:
        keras.config.set_dtype_policy(before)


def load_model(
    config: ExperimentConfig, dataset: FactorDataset, workdir: pathlib.Path
) -> tuple[LatentModel, int]:
    """The model of a run as its last checkpoint has it, and that step.

    Its layers compute in float32, whatever it was trained in, and its weights
    are the moving averages if the run has them.

    Raises:
      UsageError, RunError: As `build_model`; and a RunError if there is no
        checkpoint, or one that does not fit.
    """
    model = build_model(config, dataset)
    if config.ema_decay is not None:
        compile_for(model, config)
    step = Checkpoints(model, workdir / "checkpoints").restore()
    if config.ema_decay is not None:
        for objective in model.objectives():
            optimizer = model.optimizers[objective.name]
            if optimizer.iterations > 0:  # Before that there is no average.
                optimizer.finalize_variable_values(objective.variables)
    return model, step


def _trained(workdir: str, model: str, dataset: FactorDataset) -> LatentModel:
    """The model of another run, that one of `dataset`'s images builds on."""
    path = pathlib.Path(workdir)
    if not is_trained(path):
        raise UsageError(
            f"{model} builds on a run that is trained to its end, and "
            f"{workdir} is none."
        )
    config = ExperimentConfig.load(path / "config.json")
    if config.model in INSTRUMENTS or not model_class(config.model).encode:
        raise UsageError(
            f"{model} builds on a run with an encoder; {workdir} is of "
            f"{config.model}."
        )
    trained, _ = load_model(config, dataset, path)
    return trained
