"""FactorVAE."""

import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.losses.density_ratio import (
    density_ratio_tc,
    discriminator_loss,
    permute_latents,
)
from tfdisent.models import replicas
from tfdisent.models.arguments import check_at_least, check_positive
from tfdisent.models.base import Objective, draw, fold_in
from tfdisent.models.tc_discriminator import tc_discriminator
from tfdisent.models.vae import VAE


class FactorVAE(VAE):
    """Weighs the total correlation, which a discriminator estimates.

    loss               = distortion + rate + gamma * E_q(z)[l_0(z) - l_1(z)]
    discriminator_loss = -0.5 E_q(z)[log p_0(z)] - 0.5 E[log p_1(permuted z')]

    l are the discriminator's two logits and p their softmax; class 0 is "a code
    of the model", 1 "each latent from a code of its own". No gradient of the
    discriminator's loss reaches the encoder, and the discriminator does not
    learn from the first loss.

    The codes z' that are permuted are of a second batch, as in the paper: the
    stream gives twice as many images as the batch size says. They are permuted
    over the batch (on several replicas: over the replica's part of it, unless
    --global_statistics; the order is each replica's own in both).

    Deviations from the paper:
      * All codes of the discriminator's loss are drawn after the encoder's
        update; the paper keeps those of the first batch from before it.

    Args:
      gamma: Weight of the total correlation, at least 0.
      second_batch: Whether to permute codes of a second batch; if not, of the
        first, as the study of 2019 does, which costs half as many images.
      discriminator_width: Units of each hidden layer of the discriminator.
      discriminator_layers: Number of its hidden layers.
      discriminator_rate: Its learning rate (Adam, 0.5 and 0.9).
      **kwargs: See `VAE`.

    Raises:
      UsageError: If a value is out of range.

    References:
      Kim and Mnih, "Disentangling by Factorising", 2018, algorithm 2,
      https://arxiv.org/abs/1802.05983.
    """

    PRESETS = {
        "quick": {},
        # For 2D shapes, the best gamma of the paper.
        "paper": {
            "gamma": 35.0,
            "architecture": "kim",
            "optimizer": "adam",
            "learning_rate": 1e-4,
            "batch_size": 64,
            "steps": 300_000,
        },
        # gamma is swept over 10, 20, 30, 40, 50, 100 in the study. Its counter
        # went up twice an update, so that its 300,000 steps were 150,000.
        "study": {
            **VAE.PRESETS["study"],
            "second_batch": False,
            "steps": 150_000,
        },
    }

    def __init__(
        self,
        *,
        gamma: float = 10.0,
        second_batch: bool = True,
        discriminator_width: int = 1000,
        discriminator_layers: int = 6,
        discriminator_rate: float = 1e-4,
        **kwargs,
    ):
        check_at_least("gamma", gamma, 0.0)
        check_at_least("discriminator_width", discriminator_width, 1)
        check_at_least("discriminator_layers", discriminator_layers, 1)
        check_positive("discriminator_rate", discriminator_rate)
        super().__init__(**kwargs)
        self.gamma = gamma
        self.second_batch = second_batch
        self.discriminator_width = discriminator_width
        self.discriminator_layers = discriminator_layers
        self.discriminator_rate = discriminator_rate
        self.discriminator = tc_discriminator(
            self.num_latents,
            self.seed,
            discriminator_width,
            discriminator_layers,
        )

    def batches(self, dataset, *, batch_size, **stream):
        if not self.second_batch:
            return super().batches(dataset, batch_size=batch_size, **stream)
        if 2 * batch_size > len(dataset):
            raise UsageError(
                f"Two batches of {batch_size} images are not possible; this "
                f"data set has {len(dataset)}, so give a batch size up to "
                f"{len(dataset) // 2} or second_batch=False."
            )
        return super().batches(dataset, batch_size=2 * batch_size, **stream)

    def _split(self, images):
        """The batch of the VAE and that whose codes are permuted."""
        if not self.second_batch:
            return images, images
        if images.shape[0] % 2:
            raise UsageError(
                f"{images.shape[0]} images on a replica cannot be shared "
                "evenly by two batches; give a batch size that is a multiple "
                "of replicas times gradient_accumulation."
            )
        # Every other one: then replicas share both batches as one would.
        return images[0::2], images[1::2]

    def _logits(self, codes):
        return tf.cast(self.discriminator(codes), tf.float32)  # [B, 2]

    def regularizer(self, posterior, codes, step):
        tc = density_ratio_tc(self._logits(codes))  # [B]
        return self.rate(posterior) + self.gamma * tc, {
            "total_correlation": tf.reduce_mean(tc)
        }

    def elbo_loss(self, images, seed, step):
        return super().elbo_loss(self._split(images)[0], seed, step)

    def discriminator_loss(self, images, seed, step):
        """How well both classes are told apart, `[]`, with its accuracy."""
        del step
        own, other = (
            tf.stop_gradient(draw(self.encode(part), fold_in(seed, i)))
            for i, part in enumerate(self._split(images))
        )  # [B, D]
        if self.global_statistics:
            own, other = replicas.gather(own), replicas.gather(other)
        joint = self._logits(own)
        permuted = self._logits(permute_latents(other, fold_in(seed, 2)))
        is_right = tf.concat(
            [joint[:, 0] > joint[:, 1], permuted[:, 0] < permuted[:, 1]], 0
        )
        return tf.reduce_mean(discriminator_loss(joint, permuted)), {
            "discriminator_accuracy": tf.reduce_mean(
                tf.cast(is_right, tf.float32)
            )
        }

    def objectives(self):
        return (
            *super().objectives(),
            Objective(
                "discriminator",
                self.discriminator_loss,
                self.discriminator.trainable_variables,
                optimizer={
                    "name": "adam",
                    "learning_rate": self.discriminator_rate,
                    "beta_1": 0.5,
                    "beta_2": 0.9,
                },
            ),
        )
