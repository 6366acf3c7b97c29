"""The network in whose features SCAN and DARLA compare images."""

import keras

from tfdisent.models.layers import Layers, halved


def denoising_autoencoder(
    image_shape: tuple[int, int, int], num_features: int, seed: int = 0
) -> tuple[keras.Sequential, keras.Sequential]:
    """Conv 32, 32, 64, 64 (4x4, stride 2, ELU), FC tanh; mirrored decoder.

    Args:
      image_shape: Height and width divisible by 16.
      num_features: Units of the tanh layer.
      seed: Of the initial weights.

    Returns:
      The encoder, to features `[B, num_features]` in (-1, 1), and the decoder,
      to images `[B, H, W, C]` in (0, 1).

    References:
      Higgins et al., "SCAN: Learning Hierarchical Compositional Visual
      Concepts", 2018, appendix A.
    """
    layer = Layers(seed, first=500)
    height, width, channels = halved(image_shape, 4, "denoising_autoencoder")
    encoder = keras.Sequential(
        [
            keras.Input(image_shape),
            *[layer.down(n, activation="elu") for n in (32, 32, 64, 64)],
            keras.layers.Flatten(),
            layer.dense(num_features, "tanh"),
        ],
        name="dae_encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((num_features,)),
            layer.dense(height * width * 64, "elu"),
            keras.layers.Reshape((height, width, 64)),
            *[layer.up(n, "elu") for n in (64, 32, 32)],
            layer.up(channels, "sigmoid"),
        ],
        name="dae_decoder",
    )
    return encoder, decoder
