"""What all models share: objectives and the one train step."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfdisent.models.arguments import check_at_least, constructor_arguments

tfd = tfp.distributions
fold_in = tf.random.experimental.stateless_fold_in


class Objective(NamedTuple):
    """A loss and the variables that it moves.

    Attributes:
      name: Also the key of its optimizer.
      loss: `(images [B, H, W, C], seed [2], step []) -> (scalar, logs)`.
      variables: The Keras variables that this loss trains.
    """

    name: str
    loss: Callable
    variables: list


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

    def compile(
        self,
        optimizers: dict[str, keras.optimizers.Optimizer],
        jit_compile: bool = False,
        **kwargs,
    ):
        """Prepares `fit`.

        Args:
          optimizers: One for every objective, by its name.
          jit_compile: Whether XLA compiles the losses and their gradients.
          **kwargs: For `keras.Model.compile`.
        """
        objectives = self.objectives()
        # XLA is applied to each objective below and not by Keras, which would
        # compile the cross-replica function: that fails on two replicas.
        super().compile(
            optimizers[objectives[0].name], jit_compile=False, **kwargs
        )
        # The networks are built; Keras would call the model to find out.
        self.built = True
        self.optimizers = optimizers
        self._gradients = {}
        for objective in objectives:
            # Slots must exist before the first traced step.
            optimizers[objective.name].build(objective.variables)
            self._gradients[objective.name] = _gradient_fn(
                objective, jit_compile
            )

    def train_step(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """One update of every objective; gives the logs of all of them."""
        replica = tf.distribute.get_replica_context()
        step = tf.cast(self.optimizer.iterations.value, tf.int32)
        seed = fold_in(
            tf.stack([self.seed, step]), replica.replica_id_in_sync_group
        )
        logs = {}
        for i, objective in enumerate(self.objectives()):
            gradients, values = self._gradients[objective.name](
                images, fold_in(seed, i), step
            )
            # Optimizers sum gradients over replicas; the loss is a mean.
            gradients = [g / replica.num_replicas_in_sync for g in gradients]
            self.optimizers[objective.name].apply(
                gradients, objective.variables
            )
            logs.update(values)
        return logs


def _gradient_fn(objective: Objective, jit_compile: bool) -> Callable:
    """(images, seed, step) -> (gradients, logs), XLA-compiled or not."""

    # Without autograph errors keep their type; no loss needs its rewriting.
    @tf.function(jit_compile=jit_compile, autograph=False)
    def gradients_and_logs(images, seed, step):
        variables = [v.value for v in objective.variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            loss, logs = objective.loss(images, seed, step)
        gradients = tape.gradient(loss, variables)
        return gradients, {f"{objective.name}_loss": loss, **logs}

    return gradients_and_logs
