"""The Wasserstein GAN with gradient penalty."""

import keras
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.losses import adversarial
from tfdisent.models.arguments import check_at_least
from tfdisent.models.base import Objective, fold_in
from tfdisent.models.gan import GAN


class WGANGP(GAN):
    """A generator against a critic, whose scores have no range.

    discriminator_loss = E[D(G)] - E[D(x)]
                         + gradient_penalty * E[(||grad D(y)|| - 1)^2]
    generator_loss     = -E[D(G)]

    y are points between true and generated images, on the scale [-1, 1] on
    which the critic sees them. The critic, "discriminator" in names, makes
    several updates a step, each with images of its own: the stream gives so
    many times the batch size. Both optimizers are Adam (0, 0.9), whatever the
    run's. There is no encoder.

    Args:
      gradient_penalty: Its weight, at least 0.
      critic_steps: Updates of the critic a step, at least 1.
      **kwargs: See `GAN`.

    Raises:
      UsageError: If a value is out of range, or the critic has batch
        normalisation, with which a score is not of one image alone.

    References:
      Gulrajani et al., "Improved Training of Wasserstein GANs", 2017,
      algorithm 1, https://arxiv.org/abs/1704.00028.
    """

    PRESETS = {
        # The networks and rates with which InfoWGAN-GP draws dSprites.
        "quick": {
            "architecture": "lin",
            "num_latents": 10,
            "learning_rate": 5e-4,
            "steps": 1_000,
        },
        # Algorithm 1, for CIFAR-10; the residual networks are those of
        # Mescheder et al., 2018, and steps and codes are from memory.
        "paper": {
            "architecture": "resnet",
            "num_latents": 128,
            "learning_rate": 1e-4,
            "batch_size": 64,
            "steps": 200_000,
        },
    }

    # Codes are drawn and never read.
    encode = None

    def __init__(
        self,
        *,
        gradient_penalty: float = 10.0,
        critic_steps: int = 5,
        **kwargs,
    ):
        check_at_least("gradient_penalty", gradient_penalty, 0.0)
        check_at_least("critic_steps", critic_steps, 1)
        super().__init__(**kwargs)
        self.gradient_penalty = gradient_penalty
        self.critic_steps = critic_steps
        # Scores are only compared; where their zero is, no loss says.
        self.head.bias.trainable = False
        if any(
            isinstance(layer, keras.layers.BatchNormalization)
            for layer in self.trunk.layers
        ):
            raise UsageError(
                f"architecture is {self.architecture}, which has batch "
                "normalisation in the critic, where a gradient penalty needs "
                "scores of each image alone; give one without it, such as "
                "burgess, kim or resnet."
            )

    def batches(self, dataset, *, batch_size, **stream):
        if self.critic_steps * batch_size > len(dataset):
            raise UsageError(
                f"{self.critic_steps} batches of {batch_size} images are not "
                f"possible; this data set has {len(dataset)}, so give a batch "
                f"size up to {len(dataset) // self.critic_steps} or fewer "
                "critic_steps."
            )
        return super().batches(
            dataset, batch_size=self.critic_steps * batch_size, **stream
        )

    def of_the_discriminator(self, true, fake):
        return adversarial.critic_loss(true, fake)

    def of_the_generator(self, fake):
        return -tf.reduce_mean(fake)

    def penalty(self, real, fake, seed):
        r1, logs = super().penalty(real, fake, fold_in(seed, 0))
        penalty = adversarial.gradient_penalty(
            self._score, real, fake, fold_in(seed, 1)
        )
        return r1 + self.gradient_penalty * penalty, {
            "gradient_penalty": penalty,
            **logs,
        }

    def generator_loss(self, images, seed, step):
        # It needs images for their number alone.
        return super().generator_loss(images[:: self.critic_steps], seed, step)

    def objectives(self) -> tuple[Objective, ...]:
        adam = {"name": "adam", "beta_1": 0.0, "beta_2": 0.9}
        critic, generator = (
            objective._replace(optimizer={**adam, **objective.optimizer})
            for objective in super().objectives()
        )
        return critic._replace(updates=self.critic_steps), generator
