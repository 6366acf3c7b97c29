"""What all models share: objectives and the one train step."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.pipeline import training_batches
from tfdisent.errors import UsageError
from tfdisent.models import replicas
from tfdisent.models.arguments import (
    check_at_least,
    check_images,
    constructor_arguments,
)
from tfdisent.models.gradients import gradient_fn
from tfdisent.models.updates import is_scaled, own_share, scale_of

tfd = tfp.distributions
fold_in = tf.random.experimental.stateless_fold_in


class Objective(NamedTuple):
    """A loss and the variables that it moves.

    Attributes:
      name: Also the key of its optimizer.
      loss: `(batch, seed [2], step []) -> (scalar, logs)`; the batch is an
        element of `LatentModel.batches`, the step counts from `start`.
      variables: The Keras variables that this loss trains.
      optimizer: Settings of its optimizer that differ from the run's:
        arguments of `training.optimizers.make_optimizer`.
      start: First step of training at which it is worked on.
      stop: First step at which it no longer is; None for the end.
      updates: How often it is worked on in a step; then update j is on every
        so manieth row of the batch from the j-th on, which it has to divide.
      is_watched: Whether the norm of its gradient is in the log, as
        NAME_gradient_norm.
    """

    name: str
    loss: Callable
    variables: list
    optimizer: dict = {}
    start: int = 0
    stop: int | None = None
    updates: int = 1
    is_watched: bool = False

    def is_active(self, step: int) -> bool:
        """Whether the objective is worked on at a step."""
        return self.start <= step and (self.stop is None or step < self.stop)


def draw(posterior: tfd.Normal, seed: tf.Tensor) -> tf.Tensor:
    """Codes z = mean + stddev * noise of q(z|x), `[B, D]`."""
    noise = tf.random.stateless_normal(tf.shape(posterior.loc), seed)
    return posterior.loc + posterior.scale * noise


class LatentModel(keras.Model):
    """A model with codes.

    A subclass gives `encode`, `decode` and `objectives`; it never writes a
    train step. Its randomness enters through the seed of the objectives alone,
    a function of (seed, step, replica, objective).

    Args:
      image_shape: Height, width, channels; `from_dataset` fills it in.
      num_latents: Number of latents D.
      seed: Of the initial weights and of all noise in training.
    """

    # Settings by the name of a preset: constructor arguments and fields of
    # `training.config.ExperimentConfig`. "quick" is what commands use unless
    # told otherwise; "paper" and "study" are as published.
    PRESETS: dict[str, dict] = {}

    # Numbers that a generator takes beside the codes.
    num_noise = 0

    def __init__(
        self,
        *,
        image_shape: tuple[int, int, int],
        num_latents: int = 10,
        seed: int = 0,
        **kwargs,
    ):
        check_at_least("num_latents", num_latents, 1)
        super().__init__(**kwargs)
        self.image_shape = tuple(image_shape)
        self.num_latents = num_latents
        self.seed = seed
        self.global_statistics = False  # Until `compile` says otherwise.

    @classmethod
    def from_dataset(cls, dataset, **hparams) -> "LatentModel":
        """A model for the images of a `data.FactorDataset`."""
        return cls(image_shape=dataset.image_shape, **hparams)

    def get_config(self) -> dict:
        """The constructor's arguments, each kept as an attribute."""
        return {
            name: getattr(self, name)
            for name in constructor_arguments(type(self))
        }

    @property
    def prior(self) -> tfd.Normal:
        """p(z) = N(0, 1) for every latent; batch `[]`."""
        return tfd.Normal(0.0, 1.0)

    def encode(self, images: tf.Tensor) -> tfd.Distribution:
        """q(z|x), batch `[B, D]`, of images `[B, H, W, C]` in [0, 1]."""
        raise NotImplementedError

    def decode(self, codes: tf.Tensor) -> tfd.Distribution:
        """p(x|z), batch `[B]`, event `[H, W, C]`, of codes `[B, D]`."""
        raise NotImplementedError

    def objectives(self) -> tuple[Objective, ...]:
        """The losses, in the order of their updates."""
        raise NotImplementedError

    def batches(
        self, dataset: FactorDataset, *, batch_size: int, **stream
    ) -> tf.data.Dataset:
        """The stream of batches for the losses.

        Args:
          dataset: Where the images come from.
          batch_size: Images an update, over all replicas.
          **stream: See `data.pipeline.training_batches`.
        """
        return training_batches(dataset, batch_size=batch_size, **stream)

    def compile(
        self,
        optimizers: dict[str, keras.optimizers.Optimizer],
        *,
        jit_compile: bool = False,
        gradient_accumulation: int = 1,
        clip_norm: float | None = None,
        global_statistics: bool = False,
        **kwargs,
    ):
        """Prepares `fit`.

        Args:
          optimizers: One for every objective, by its name.
          jit_compile: Whether XLA compiles the losses and their gradients.
          gradient_accumulation: Parts in which a replica works its batch off,
            to need less memory; it divides the replica's batch.
          clip_norm: Largest global norm of the gradient of an objective, above
            0; taken over all replicas.
          global_statistics: Whether terms that couple the images of a batch see
            that of all replicas, and not each its own part.
          **kwargs: For `keras.Model.compile`.

        Raises:
          UsageError: If XLA or accumulation is asked for with global statistics
            on several replicas, which talk to each other inside the losses.
        """
        synchronises = global_statistics and (
            tf.distribute.get_strategy().num_replicas_in_sync > 1
        )
        if synchronises and (jit_compile or gradient_accumulation > 1):
            raise UsageError(
                "global_statistics on several replicas is for jit_compile=off "
                "and gradient_accumulation=1: replicas exchange codes inside "
                "the loss, where neither can."
            )
        objectives = self.objectives()
        # XLA is applied to each objective below and not by Keras, which would
        # compile the cross-replica function: that fails on two replicas. Nor
        # has Keras an optimizer: `fit` would end with putting the moving
        # averages of one in the place of all weights.
        super().compile(optimizer=None, jit_compile=False, **kwargs)
        # The networks are built; Keras would call the model to find out.
        self.built = True
        self.optimizers = optimizers
        self.clip_norm = clip_norm
        self.global_statistics = global_statistics
        # Optimizers count their own updates, of which float16 skips some.
        self.step = tf.Variable(
            0,
            dtype=tf.int64,
            trainable=False,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        self._gradients = {}
        for objective in objectives:
            # Slots must exist before the first traced step.
            optimizers[objective.name].build(objective.variables)
            self._gradients[objective.name] = gradient_fn(
                objective.loss,
                objective.variables,
                num_parts=gradient_accumulation,
                jit_compile=jit_compile,
                synchronises=synchronises,
            )
        self.enter(0)

    def fit(self, x=None, *, batch_size: int | None = None, **kwargs):
        """See `keras.Model.fit`.

        It works on the objectives of the step that `enter` was given last.

        Args:
          x: Batches such as `batches` makes, of a static size; or images in
            [0, 1], `[n, H, W, C]`, which are shuffled by `seed`.
          batch_size: Of images; 64 unless given.
          **kwargs: For `keras.Model.fit`.

        Raises:
          UsageError: If images leave [0, 1]; batches are not looked at.
        """
        if isinstance(x, np.ndarray | tf.Tensor):
            check_images("images", x)
            x = (
                tf.data.Dataset.from_tensor_slices(tf.cast(x, tf.float32))
                .shuffle(len(x), self.seed)
                .batch(min(batch_size or 64, len(x)), drop_remainder=True)
            )
        # Batches come shuffled; Keras would say that it cannot.
        return super().fit(x, **{"shuffle": False, **kwargs})

    def enter(self, step: int) -> None:
        """Makes `train_step` work on the objectives of a step from here on."""
        # Names, for Keras would take the variables in an attribute for more
        # weights of the model.
        self._active = [
            objective.name
            for objective in self.objectives()
            if objective.is_active(step)
        ]
        self.train_function = None

    def train_step(self, batch) -> dict[str, tf.Tensor]:
        """The updates of every active objective; gives the logs of the last."""
        replica = tf.distribute.get_replica_context()
        step = tf.cast(self.step, tf.int32)
        seed = fold_in(
            tf.stack([self.seed, step]), replica.replica_id_in_sync_group
        )
        logs = {}
        for i, objective in enumerate(self.objectives()):
            if objective.name not in self._active:
                continue
            own = fold_in(seed, i)
            if objective.updates == 1:
                logs |= self._update(objective, batch, own, step)
                continue
            for j in range(objective.updates):
                part = _every(batch, objective, j)
                logs |= self._update(objective, part, fold_in(own, j), step)
        self.step.assign_add(1)
        return replicas.mean(logs)

    def _update(self, objective, batch, seed, step) -> dict[str, tf.Tensor]:
        optimizer = self.optimizers[objective.name]
        gradients, loss, values = self._gradients[objective.name](
            batch, seed, step - objective.start, scale_of(optimizer)
        )
        optimizer.apply(
            own_share(gradients, optimizer, self.clip_norm),
            objective.variables,
        )
        logs = {f"{objective.name}_loss": loss, **values}
        if objective.is_watched:
            norm = tf.linalg.global_norm(gradients) / scale_of(optimizer)
            if is_scaled(optimizer):  # It leaves out what is not finite.
                norm = tf.where(tf.math.is_finite(norm), norm, 0.0)
            logs[f"{objective.name}_gradient_norm"] = norm
        if is_scaled(optimizer):
            logs[f"{objective.name}_loss_scale"] = scale_of(optimizer)
        return logs


def _every(batch, objective: Objective, j: int):
    """The rows of a batch, a nest of tensors, that update j is on."""

    def rows(tensor):
        if tensor.shape[0] % objective.updates:
            raise UsageError(
                f"{tensor.shape[0]} images on a replica cannot be shared "
                f"evenly by the {objective.updates} updates of the "
                f"{objective.name}; give a batch size that is a multiple."
            )
        return tensor[j :: objective.updates]

    return tf.nest.map_structure(rows, batch)
