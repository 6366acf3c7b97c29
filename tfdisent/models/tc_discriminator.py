"""The network that tells codes from codes whose latents were shuffled."""

import keras

from tfdisent.models.layers import Layers


def tc_discriminator(
    num_latents: int, seed: int = 0, width: int = 1000, num_layers: int = 6
) -> keras.Sequential:
    """ARCH-D: FC 1000 x6, leaky ReLU of slope 0.2, 2 logits.

    5,018,002 parameters at 10 latents.

    References:
      Kim and Mnih, "Disentangling by Factorising", 2018, appendix A.
    """
    layer = Layers(seed, first=500)
    hidden = []
    for _ in range(num_layers):
        hidden += [layer.dense(width, None), keras.layers.LeakyReLU(0.2)]
    return keras.Sequential(
        [keras.Input((num_latents,)), *hidden, layer.dense(2, None)],
        name="discriminator",
    )
