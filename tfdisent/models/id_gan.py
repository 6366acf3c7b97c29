"""ID-GAN."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfdisent.errors import UsageError
from tfdisent.models.arguments import check_at_least
from tfdisent.models.base import LatentModel, draw
from tfdisent.models.gan import GAN

tfd = tfp.distributions


class IDGAN(GAN):
    """A generator of sharp images for the codes of a trained VAE.

    generator_loss = -E[log D(G(s, c))]
                     - information * E[log q(c|G(s, c))]

    c ~ q(c|x) of an image, s ~ N(0, I)

    q(c|x) is the encoder of the VAE, which stays as it is: it reads the codes
    back, in nats, summed over latents. The second expectation and H(c) bound
    the information that images have of their codes from below; a latent that
    the VAE does not use is noise to the generator. Whoever asks the trained
    model gets the VAE's codes and the generator's images.

    Deviations from the authors' code:
      * Discriminator and generator draw codes and noise of their own in a step.

    Args:
      encoder: Folder of the trained run whose encoder is kept; in Python, the
        trained model.
      information: Weight of the codes' log probability, at least 0.
      num_latents: Those of the encoder.
      num_noise: Numbers of noise s beside the codes; 0 for none.
      **kwargs: See `GAN`.

    Raises:
      UsageError: If there is no encoder, it is for other images, or a value is
        out of range.

    References:
      Lee et al., "High-Fidelity Synthesis with Disentangled Representation",
      2020, https://arxiv.org/abs/2001.04296.
    """

    PRESETS = {
        # Rates at which the discriminator is worth its steps in so few.
        "quick": {
            "architecture": "burgess",
            "information": 1e-2,
            "r1": 1.0,
            "optimizer": "rmsprop",
            "learning_rate": 1e-3,
            "discriminator_rate": 1e-3,
            "steps": 3_000,
            "ema_decay": 0.99,
        },
        # dSprites, of the authors' code; the VAE was a beta-VAE of beta 8.
        "paper": {
            "architecture": "kim",
            "information": 1e-4,
            "r1": 10.0,
            "optimizer": "rmsprop",
            "learning_rate": 1e-3,
            "discriminator_rate": 1e-4,
            "batch_size": 64,
            "steps": 300_000,
            "ema_decay": 0.999,
        },
    }

    def __init__(
        self,
        *,
        encoder: LatentModel | None = None,
        information: float = 1e-4,
        num_latents: int | None = None,
        **kwargs,
    ):
        check_at_least("information", information, 0.0)
        if encoder is None:
            raise UsageError(
                "id_gan generates for the codes of a trained VAE; give "
                "--encoder=W, the folder of its run."
            )
        size, shape = encoder.num_latents, tuple(kwargs["image_shape"])
        if num_latents not in (None, size):
            raise UsageError(
                f"num_latents is {num_latents}; the encoder has {size}."
            )
        if encoder.image_shape != shape:
            raise UsageError(
                f"The encoder is for images of {encoder.image_shape}, and "
                f"these are of {shape}."
            )
        super().__init__(num_latents=size, **kwargs)
        encoder.trainable = False
        encoder.built = True  # Keras would call it to find out.
        self.encoder = encoder
        self.information = information

    def encode(self, images: tf.Tensor) -> tfd.Normal:
        return self.encoder.encode(images)

    def draw_codes(self, images, seed):
        return draw(self.encode(images), seed)

    def generator_terms(self, images, features, codes):
        del features
        posterior = self.encode(images)
        log_prob = tf.reduce_mean(
            tf.reduce_sum(posterior.log_prob(codes), axis=1)
        )
        return -self.information * log_prob, {"code_log_prob": log_prob}
