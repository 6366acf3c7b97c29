"""A decoder of the true factors, each behind a channel of learned noise."""

import math

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfdisent.errors import UsageError
from tfdisent.losses.capacity import capacity_penalty
from tfdisent.losses.likelihoods import bernoulli
from tfdisent.losses.schedules import linear
from tfdisent.models.arguments import check_at_least, check_positive
from tfdisent.models.base import LatentModel, Objective, draw
from tfdisent.models.networks import burgess

tfd = tfp.distributions


class GroundTruthGenerator(LatentModel):
    """Shows which factors a capacity C is spent on, while it grows.

    z_i  = a_i f_i + exp(s_i) eps_i,  eps_i ~ N(0, 1)
    KL_i = 0.5 (a_i^2 f_i^2 + exp(2 s_i) - 2 s_i - 1)
    loss = -log p(x|z) + gamma * |sum_i KL_i - C(t)|
    C(t) = c_min + (c_max - c_min) min(1, t / capacity_steps)

    f_i are the true factors of an image: indices of their values, standardised
    to mean 0 and standard deviation 1 where all values are as frequent. That
    holds for categories as well: a shape is a number and not one-hot, for one
    channel a factor. a, s and the decoder are learned, the decoder is that of
    the paper. |sum KL - C| is of the mean over the batch.

    At first a_i^2 + exp(2 s_i) = 1 and KL_i = c_min / K: the rate starts at
    the capacity, shared evenly.

    Args:
      factor_sizes: Numbers of values of the K factors; `from_dataset` fills
        it in.
      num_latents: K, which it is unless given.
      gamma: Weight of the distance from the capacity, at least 0.
      c_min: Capacity at step 0, in nats, at least 0.
      c_max: Capacity from step `capacity_steps` on, in nats, at least c_min.
      capacity_steps: Steps in which the capacity grows.
      channel_speed: How many times as fast as the decoder a and s are moved by
        an optimizer with steps of a fixed size, as Adam, above 0. In a short
        run the capacity would outgrow them at 1; all channels then open.
      **kwargs: See `LatentModel`.

    Raises:
      UsageError: If a value is out of range.

    References:
      Burgess et al., "Understanding disentangling in beta-VAE", 2018, the
      figure "Utilisation of data generative factors as a function of coding
      capacity", https://arxiv.org/abs/1804.03599.
    """

    def __init__(
        self,
        *,
        factor_sizes: tuple[int, ...],
        num_latents: int | None = None,
        gamma: float = 1000.0,
        c_min: float = 0.5,
        c_max: float = 25.0,
        capacity_steps: int = 100_000,
        channel_speed: float = 1.0,
        **kwargs,
    ):
        check_at_least("gamma", gamma, 0.0)
        check_at_least("c_min", c_min, 0.0)
        check_at_least("c_max", c_max, c_min)
        check_at_least("capacity_steps", capacity_steps, 0)
        check_positive("channel_speed", channel_speed)
        num_factors = len(factor_sizes)
        if not num_factors:
            raise UsageError(
                "No factor of these images is known, and the generator makes "
                "them from their factors; give data with factors."
            )
        if num_latents not in (None, num_factors):
            raise UsageError(
                f"num_latents is {num_latents}; it must be {num_factors}, one "
                "for each factor."
            )
        super().__init__(num_latents=num_factors, **kwargs)
        self.factor_sizes = tuple(factor_sizes)
        self.gamma = gamma
        self.c_min, self.c_max = c_min, c_max
        self.capacity_steps = capacity_steps
        self.channel_speed = channel_speed
        nats = c_min / num_factors
        self.gains = self._one_each("gains", math.sqrt(-math.expm1(-2 * nats)))
        self.log_noise = self._one_each("log_noise", -nats)
        _, self.decoder = burgess(self.image_shape, num_factors, self.seed)

    def _one_each(self, name: str, start: float) -> keras.Variable:
        """A variable `[K]`."""
        return self.add_weight(
            name=name,
            shape=(self.num_latents,),
            initializer=keras.initializers.Constant(start / self.channel_speed),
        )

    @classmethod
    def from_dataset(cls, dataset, **hparams) -> "GroundTruthGenerator":
        """For the images and factors of a `data.FactorDataset`."""
        return super().from_dataset(
            dataset, factor_sizes=dataset.factor_sizes, **hparams
        )

    def batches(self, dataset, *, batch_size, **stream):
        """As `LatentModel.batches`; elements are pairs (images, factors)."""
        return super().batches(
            dataset, batch_size=batch_size, with_factors=True, **stream
        )

    def standardised(self, factors: tf.Tensor) -> tf.Tensor:
        """f, float32 `[B, K]`, of the integer factors `[B, K]`.

        (v - (n - 1) / 2) / sqrt((n^2 - 1) / 12) for value v of n.
        """
        sizes = np.array(self.factor_sizes, np.float32)
        # A factor of one value is 0, whatever it is divided by.
        deviations = np.sqrt(np.maximum(sizes**2 - 1, 1) / 12)
        return (tf.cast(factors, tf.float32) - (sizes - 1) / 2) / deviations

    def channels(self, factors: tf.Tensor) -> tfd.Normal:
        """q(z|f), batch `[B, K]`, of the integer factors `[B, K]`."""
        gains = self.channel_speed * self.gains  # a
        log_noise = self.channel_speed * self.log_noise  # s
        return tfd.Normal(gains * self.standardised(factors), tf.exp(log_noise))

    def encode(self, images):
        raise UsageError(
            "ground_truth_generator has no encoder: its codes are made from "
            "the true factors, so it cannot be evaluated or exported."
        )

    def decode(self, codes: tf.Tensor) -> tfd.Independent:
        return bernoulli(tf.cast(self.decoder(codes), tf.float32))

    def generator_loss(
        self, batch: tuple[tf.Tensor, tf.Tensor], seed, step
    ) -> tuple[tf.Tensor, dict]:
        """The loss of a batch (images, factors), `[]`, with its parts."""
        images, factors = batch
        posterior = self.channels(factors)
        codes = draw(posterior, seed)  # [B, K]
        distortion = tf.reduce_mean(-self.decode(codes).log_prob(images))
        kl = posterior.kl_divergence(self.prior)  # [B, K]
        rate = tf.reduce_sum(kl, axis=1)  # [B]
        capacity = linear(step, self.c_min, self.c_max, self.capacity_steps)
        loss = distortion + self.gamma * capacity_penalty(rate, capacity)
        return loss, {
            "distortion": distortion,
            "rate": tf.reduce_mean(rate),
            "kl_per_latent": tf.reduce_mean(kl, axis=0),
            "capacity": capacity,
        }

    def objectives(self) -> tuple[Objective, ...]:
        return (
            Objective(
                "generator", self.generator_loss, self.trainable_variables
            ),
        )
