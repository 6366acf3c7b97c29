"""One trainer for all models."""

import contextlib
import pathlib

import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError
from tfdisent.models.arguments import check_at_least
from tfdisent.models.base import LatentModel
from tfdisent.training.build import build_model, load_model
from tfdisent.training.checkpoints import Checkpoints
from tfdisent.training.claim import (
    claim_data,
    claim_workdir,
    compare_data,
    compare_workers,
    is_trained,
    sole_writer,
)
from tfdisent.training.cluster import is_chief
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.divergence import DivergenceCheck
from tfdisent.training.event_files import EventFiles
from tfdisent.training.finite import FiniteCheck
from tfdisent.training.optimizers import compile_for
from tfdisent.training.peers import meet, noticing_lost_peers, share
from tfdisent.training.phases import phases
from tfdisent.training.pictures import Pictures
from tfdisent.training.progress import Progress
from tfdisent.training.safekeeping import Safekeeping
from tfdisent.training.strategy import make_strategy, step_function
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

    With the strategy multi_worker all workers call this at once, with the same
    arguments and a workdir on a disk that they share. One of them, the chief,
    writes; the others train along with it and read what it wrote.

    Args:
      config: What to train.
      dataset: What on; see `training.config.build_dataset`.
      workdir: Directory of the run; made, or one of the same configuration.
      checkpoint_seconds: Time between checkpoints.
      tensorboard: Whether to write event files into workdir/tensorboard; they
        change nothing of the training.

    Returns:
      The trained model; see `load_model`.

    Raises:
      UsageError: If the workdir holds another configuration, or was trained on
        other images.
      RunError: If a loss is not finite, a generator has diverged, the disk
        refuses, or another process trains in the workdir.
      PeerLost: If another worker is gone; all have to start anew.
      Interrupted: If a signal stopped it; the state is saved.
    """
    check_at_least("checkpoint_seconds", checkpoint_seconds, 0.0)
    make_directory(workdir)
    with sole_writer(config, workdir), noticing_lost_peers(config.strategy):
        is_new = claim_workdir(config, workdir)
        try:
            if is_chief(config.strategy):
                (claim_data if is_new else compare_data)(dataset, workdir)
            if not is_trained(workdir):
                _train(
                    config, dataset, workdir, checkpoint_seconds, tensorboard
                )
        except UsageError:
            # A configuration that cannot be trained is none to leave behind.
            if is_new:
                for name in ("config.json", "data.json", "log.jsonl", ".lock"):
                    (workdir / name).unlink(missing_ok=True)
                if not any(workdir.iterdir()):
                    workdir.rmdir()
            raise
        model, _ = load_model(config, dataset, workdir)
        return model


def _train(config, dataset, workdir, checkpoint_seconds, tensorboard):
    strategy = make_strategy(config.strategy)
    if config.strategy == "multi_worker":
        compare_workers(config, workdir, strategy)
    with strategy.scope():
        model = build_model(config, dataset, config.precision)
        compile_for(model, config)
    chief = is_chief(config.strategy)
    checkpoints = Checkpoints(model, workdir / "checkpoints", is_chief=chief)
    if chief:
        checkpoints.restore()
    if config.strategy == "multi_worker":
        share(strategy, checkpoints.variables, is_chief=chief)
    pictures = None
    if tensorboard and chief:
        pictures = Pictures(model, dataset, config.seed)
    for start, stop in phases(model, int(model.step.numpy()), config.steps):
        model.enter(start)
        model.train_function = step_function(model, strategy)
        _fit(
            model,
            _batches(model, config, dataset, strategy, start),
            start,
            stop,
            config,
            workdir,
            checkpoints,
            checkpoint_seconds,
            pictures,
        )
    if config.strategy == "multi_worker":
        meet(strategy)  # Once the chief has saved the last step.


def _batches(model, config, dataset, strategy, first_step):
    """The batches of each replica, from `first_step` on."""
    replicas = strategy.num_replicas_in_sync

    def of_worker(context):
        local = replicas // context.num_input_pipelines
        return model.batches(
            dataset,
            batch_size=config.batch_size,
            seed=config.seed,
            first_step=first_step,
            num_replicas=replicas,
            replicas=range(
                context.input_pipeline_id * local,
                (context.input_pipeline_id + 1) * local,
            ),
        )

    return strategy.distribute_datasets_from_function(of_worker)


def _fit(
    model,
    batches: tf.data.Dataset,
    first_step: int,
    last_step: int,
    config: ExperimentConfig,
    workdir: pathlib.Path,
    checkpoints: Checkpoints,
    checkpoint_seconds: float,
    pictures: Pictures | None,
):
    divergence = DivergenceCheck(first_step, lambda: checkpoints.latest)
    safekeeping = Safekeeping(
        checkpoints,
        first_step,
        checkpoint_seconds,
        waits=lambda: divergence.is_in_doubt,
    )
    # In this order: a step that is not finite is never saved.
    callbacks = [
        FiniteCheck(first_step, lambda: checkpoints.latest),
        divergence,
        safekeeping,
    ]
    with contextlib.ExitStack() as stack:
        stack.callback(safekeeping.close)
        if is_chief(config.strategy):
            callbacks[1:1] = _watchers(
                stack, config, workdir, checkpoints, first_step, pictures
            )
        stack.enter_context(
            noticing_lost_peers(config.strategy, lambda: safekeeping.step)
        )
        try:
            model.fit(
                batches,
                steps_per_epoch=last_step - first_step,
                callbacks=callbacks,
                shuffle=False,
                verbose=0,
            )
        except tf.errors.OpError:
            # Workers that are stopped together do not go at the same instant.
            safekeeping.stop_if_asked()
            raise


def _watchers(stack, config, workdir, checkpoints, first_step, pictures):
    """The callbacks that show the run to a person; `stack` ends them."""
    events = pictures and EventFiles(
        workdir / "tensorboard",
        pictures,
        first_step=first_step,
        num_steps=config.steps,
    )
    records = truncate_log(workdir / "log.jsonl", first_step)
    progress = Progress(
        workdir / "log.jsonl",
        first_step=first_step,
        num_steps=config.steps,
        batch_size=config.batch_size,
        seconds=records[-1]["seconds"] if records else 0.0,
        last_checkpoint=lambda: checkpoints.latest,
        on_record=events and events.write_scalars,
    )
    watchers = [progress, events] if events else [progress]
    for watcher in watchers:
        stack.callback(watcher.close)
    return watchers
