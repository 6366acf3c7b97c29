"""InfoGAN with the losses of WGAN-GP."""

from tfdisent.models.info_gan import InfoGAN
from tfdisent.models.wgan_gp import WGANGP


class InfoWGANGP(InfoGAN, WGANGP):
    """A Wasserstein GAN whose images have to tell their codes.

    discriminator_loss = E[D(G)] - E[D(x)] - lambda * L
                         + gradient_penalty * E[(||grad D(y)|| - 1)^2]
    generator_loss     = -E[D(G)] - lambda * L

    See `InfoGAN` for L and `WGANGP` for the penalty, the updates of the critic
    and the optimizers.

    Args:
      **kwargs: See `InfoGAN` and `WGANGP`.

    Raises:
      UsageError: If a value is out of range, or the critic has batch
        normalisation.

    References:
      Kim and Mnih, "Disentangling by Factorising", 2018, section 5,
      https://arxiv.org/abs/1802.05983.
    """

    PRESETS = {
        "quick": {
            "architecture": "lin",
            "num_latents": 7,
            "categorical": "3",
            "num_noise": 5,
            "fixed_stddev": True,
            "learning_rate": 5e-4,
            "steps": 1_000,
        },
        # 2D shapes: four continuous codes and a categorical one, and the best
        # lambda; classes, noise and steps are from memory.
        "paper": {
            "architecture": "kim",
            "num_latents": 7,
            "categorical": "3",
            "num_noise": 5,
            "information": 0.2,
            "learning_rate": 1e-4,
            "batch_size": 64,
            "steps": 300_000,
        },
    }
