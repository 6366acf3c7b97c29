"""One trainer for all models."""

import pathlib

import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.pipeline import training_batches
from tfdisent.errors import UsageError
from tfdisent.files import locked
from tfdisent.models.arguments import check_at_least
from tfdisent.models.base import LatentModel
from tfdisent.training.checkpoints import Checkpoints
from tfdisent.training.config import ExperimentConfig, build_model
from tfdisent.training.optimizers import make_optimizer
from tfdisent.training.progress import Progress
from tfdisent.training.safekeeping import Safekeeping
from tfdisent.training.strategy import make_strategy, use_xla
from tfdisent.training.workdir import make_directory, truncate_log


def train(
    config: ExperimentConfig,
    dataset: FactorDataset,
    workdir: pathlib.Path,
    *,
    checkpoint_seconds: float = 30.0,
    tensorboard: bool = False,
) -> LatentModel:
    """Trains to the last step, from wherever the workdir stands.

    The weights at the end are a function of the configuration alone: a run
    that was stopped and gone on with ends with the same bits.

    Args:
      config: What to train.
      dataset: What on; see `training.config.build_dataset`.
      workdir: Directory of the run; made, or one of the same configuration.
      checkpoint_seconds: Time between checkpoints.
      tensorboard: Whether to write event files into workdir/tensorboard.

    Returns:
      The trained model.

    Raises:
      UsageError: If the workdir holds another configuration.
      RunError: If a loss is not finite, the disk refuses, or another process
        trains in the workdir.
      Interrupted: If a signal stopped it; the state is saved.
    """
    check_at_least("checkpoint_seconds", checkpoint_seconds, 0.0)
    make_directory(workdir)
    busy = f"Another process trains in {workdir}; choose another --workdir."
    with locked(workdir, busy):
        is_new = claim_workdir(config, workdir)
        try:
            return _train(
                config, dataset, workdir, checkpoint_seconds, tensorboard
            )
        except UsageError:
            # A configuration that cannot be trained is none to leave behind.
            if is_new:
                for name in ("config.json", "log.jsonl", ".lock"):
                    (workdir / name).unlink(missing_ok=True)
            raise


def _train(config, dataset, workdir, checkpoint_seconds, tensorboard):
    strategy = make_strategy(config.strategy)
    with strategy.scope():
        model = build_model(config, dataset)
        model.compile(
            {
                objective.name: make_optimizer(
                    config.optimizer,
                    config.learning_rate,
                    config.learning_rate_schedule,
                    config.steps,
                )
                for objective in model.objectives()
            },
            jit_compile=use_xla(config.jit_compile),
        )
    checkpoints = Checkpoints(model, workdir / "checkpoints")
    first_step = checkpoints.restore()
    if first_step < config.steps:
        _fit(
            model,
            _batches(config, dataset, strategy, first_step),
            first_step,
            config,
            workdir,
            checkpoints,
            checkpoint_seconds,
            tensorboard,
        )
    return model


def claim_workdir(config: ExperimentConfig, workdir: pathlib.Path) -> bool:
    """Writes config.json, or checks the one that is there.

    Returns:
      Whether it was written.

    Raises:
      UsageError: If the workdir holds another configuration.
    """
    path = workdir / "config.json"
    if not path.exists():
        config.save(path)
        return True
    differences = config.differences(ExperimentConfig.load(path))
    if differences:
        raise UsageError(
            f"{workdir} holds another run ({'; '.join(differences)}); choose "
            "another --workdir or delete it."
        )
    return False


def load_model(
    config: ExperimentConfig, dataset: FactorDataset, workdir: pathlib.Path
) -> tuple[LatentModel, int]:
    """The model of a run as its last checkpoint has it, and that step.

    Raises:
      RunError: If there is no checkpoint, or one that does not fit.
    """
    model = build_model(config, dataset)
    step = Checkpoints(model, workdir / "checkpoints").restore()
    return model, step


def _batches(config, dataset, strategy, first_step):
    """The images of each replica, from `first_step` on."""
    replicas = strategy.num_replicas_in_sync
    return strategy.distribute_datasets_from_function(
        lambda context: training_batches(
            dataset,
            batch_size=config.batch_size,
            seed=config.seed,
            first_step=first_step,
            num_replicas=replicas,
        )
    )


def _fit(
    model,
    batches: tf.data.Dataset,
    first_step: int,
    config: ExperimentConfig,
    workdir: pathlib.Path,
    checkpoints: Checkpoints,
    checkpoint_seconds: float,
    tensorboard: bool,
):
    records = truncate_log(workdir / "log.jsonl", first_step)
    progress = Progress(
        workdir / "log.jsonl",
        first_step=first_step,
        num_steps=config.steps,
        batch_size=config.batch_size,
        seconds=records[-1]["seconds"] if records else 0.0,
        last_checkpoint=lambda: checkpoints.latest,
        tensorboard=workdir / "tensorboard" if tensorboard else None,
    )
    safekeeping = Safekeeping(checkpoints, first_step, checkpoint_seconds)
    try:
        model.fit(
            batches,
            steps_per_epoch=config.steps - first_step,
            # In this order: a step that is not finite is never saved.
            callbacks=[progress, safekeeping],
            shuffle=False,
            verbose=0,
        )
    finally:
        safekeeping.close()
        progress.close()
