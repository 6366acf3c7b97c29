"""The encoders and decoders of the literature.

An architecture is a function of the image's shape and the number of latents
that gives (encoder, decoder). The encoder maps images [B, H, W, C] to [B, 2 D]:
means, then log variances. The decoder maps codes [B, D] to [B, H, W, C]: logits
or means, as the likelihood takes them. A function of your own,
`f(image_shape, num_latents, seed) -> (encoder, decoder)`, serves as well.
"""

import functools
import itertools
import math
from collections.abc import Callable

import keras

from tfdisent.errors import UsageError
from tfdisent.models.arguments import check_choice


class _Layers:
    """Makes layers whose weights are a function of (seed, place in the net)."""

    def __init__(self, seed: int):
        self._seeds = (seed * 1000 + i for i in itertools.count())

    def _initializer(self, activation):
        # He et al. for ReLU and ELU, Glorot & Bengio elsewhere. Of the same
        # fan as the study of 2019, in which all are Glorot's; see
        # BUILD_NOTES.md.
        is_rectified = activation in ("relu", "elu")
        kind = "HeUniform" if is_rectified else "GlorotUniform"
        return getattr(keras.initializers, kind)(seed=next(self._seeds))

    def dense(self, units, activation="relu"):
        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_initializer=self._initializer(activation),
        )

    def down(self, filters, kernel=4, activation="relu"):
        """Convolution that halves height and width."""
        return keras.layers.Conv2D(
            filters,
            kernel,
            strides=2,
            padding="same",
            activation=activation,
            kernel_initializer=self._initializer(activation),
        )

    def up(self, filters, activation="relu"):
        """Transposed 4x4 convolution that doubles height and width."""
        return keras.layers.Conv2DTranspose(
            filters,
            4,
            strides=2,
            padding="same",
            activation=activation,
            kernel_initializer=self._initializer(activation),
        )


def mlp(
    image_shape: tuple[int, int, int],
    num_latents: int,
    seed: int = 0,
    width: int = 1200,
):
    """ARCH-MLP: FC 1200 x2 ReLU; decoder FC 1200 x3 tanh.

    6,381,620 and 7,814,896 parameters at 64x64x1 and 10 latents.

    References:
      Higgins et al., "beta-VAE", 2017, table 1 (2D shapes).
    """
    layer = _Layers(seed)
    pixels = math.prod(image_shape)
    encoder = keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            *[layer.dense(width) for _ in range(2)],
            layer.dense(2 * num_latents, None),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((num_latents,)),
            *[layer.dense(width, "tanh") for _ in range(3)],
            layer.dense(pixels, None),
            keras.layers.Reshape(image_shape),
        ],
        name="decoder",
    )
    return encoder, decoder


def higgins(
    image_shape: tuple[int, int, int],
    num_latents: int,
    seed: int = 0,
    late_kernel: int = 4,
    hidden: int = 256,
):
    """ARCH-H: conv 32, 32, 64, 64 (4x4, stride 2), FC 256; mirrored decoder.

    Args:
      image_shape: Height and width divisible by 16.
      num_latents: D.
      seed: Of the initial weights.
      late_kernel: Size of the third and fourth kernel; 2 in the study of 2019
        (309,204 parameters at 64x64x1 and 10 latents; decoder 381,313).
      hidden: Units of the dense layer beside the codes; 128 in FactorVAE's
        networks (ARCH-F), where a 4x4 convolution without padding is this layer
        at 64x64.

    References:
      Higgins et al., "beta-VAE", 2017, table 1 (chairs, CelebA, 3D faces).
      Locatello et al., "Challenging Common Assumptions", 2019, table 1.
      Kim and Mnih, "Disentangling by Factorising", 2018, appendix A.
    """
    layer = _Layers(seed)
    height, width, channels = _halved(image_shape, 4, "higgins")
    encoder = keras.Sequential(
        [
            keras.Input(image_shape),
            layer.down(32),
            layer.down(32),
            layer.down(64, late_kernel),
            layer.down(64, late_kernel),
            keras.layers.Flatten(),
            layer.dense(hidden),
            layer.dense(2 * num_latents, None),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((num_latents,)),
            layer.dense(hidden),
            layer.dense(height * width * 64),
            keras.layers.Reshape((height, width, 64)),
            layer.up(64),
            layer.up(32),
            layer.up(32),
            layer.up(channels, None),
        ],
        name="decoder",
    )
    return encoder, decoder


def burgess(image_shape: tuple[int, int, int], num_latents: int, seed: int = 0):
    """ARCH-B: conv 32 (4x4, stride 2) down to 4x4, FC 256 x2; mirrored decoder.

    4 convolutions at 64x64 (252,052 and 249,953 parameters with 1 channel and
    10 latents), 3 at 32x32.

    Args:
      image_shape: Of height and width that can be halved until the larger one
        is below 8.
      num_latents: D.
      seed: Of the initial weights.

    References:
      Burgess et al., "Understanding disentangling in beta-VAE", 2018.
    """
    layer = _Layers(seed)
    halvings = (max(image_shape[:2]) // 4).bit_length() - 1
    height, width, channels = _halved(image_shape, halvings, "burgess")
    encoder = keras.Sequential(
        [
            keras.Input(image_shape),
            *[layer.down(32) for _ in range(halvings)],
            keras.layers.Flatten(),
            *[layer.dense(256) for _ in range(2)],
            layer.dense(2 * num_latents, None),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((num_latents,)),
            *[layer.dense(256) for _ in range(2)],
            layer.dense(height * width * 32),
            keras.layers.Reshape((height, width, 32)),
            *[layer.up(32) for _ in range(halvings - 1)],
            layer.up(channels, None),
        ],
        name="decoder",
    )
    return encoder, decoder


def tc_discriminator(
    num_latents: int, seed: int = 0, width: int = 1000, num_layers: int = 6
) -> keras.Sequential:
    """ARCH-D: FC 1000 x6, leaky ReLU of slope 0.2, 2 logits.

    5,018,002 parameters at 10 latents.

    References:
      Kim and Mnih, "Disentangling by Factorising", 2018, appendix A.
    """
    layer = _Layers(seed)
    hidden = []
    for _ in range(num_layers):
        hidden += [layer.dense(width, None), keras.layers.LeakyReLU(0.2)]
    return keras.Sequential(
        [keras.Input((num_latents,)), *hidden, layer.dense(2, None)],
        name="discriminator",
    )


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
    layer = _Layers(seed)
    height, width, channels = _halved(image_shape, 4, "denoising_autoencoder")
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


def _halved(image_shape, times, architecture):
    """Size of the feature maps after so many halvings."""
    height, width, channels = image_shape
    divisor = 2**times
    if times < 1 or height % divisor or width % divisor:
        raise UsageError(
            f"architecture={architecture} got images of {height}x{width}; "
            f"height and width must be multiples of {max(8, divisor)}."
        )
    return height // divisor, width // divisor, channels


ARCHITECTURES = {
    "mlp": mlp,
    "higgins": higgins,
    "higgins_2x2": functools.partial(higgins, late_kernel=2),
    "burgess": burgess,
    "kim": functools.partial(higgins, hidden=128),
}


def make_networks(
    architecture: str | Callable,
    image_shape: tuple[int, int, int],
    num_latents: int,
    seed: int,
) -> tuple[keras.Model, keras.Model]:
    """The encoder and the decoder of an architecture.

    Args:
      architecture: A name in ARCHITECTURES, or a function like those in it.
      image_shape: Height, width, channels.
      num_latents: D.
      seed: Of the initial weights.

    Raises:
      UsageError: If the name is unknown or the shapes of the networks are not
        those of this file's first lines.
    """
    if not callable(architecture):
        check_choice("architecture", architecture, ARCHITECTURES)
        architecture = ARCHITECTURES[architecture]
    encoder, decoder = architecture(image_shape, num_latents, seed)
    for network, takes, gives in (
        (encoder, image_shape, (2 * num_latents,)),
        (decoder, (num_latents,), image_shape),
    ):
        shapes = network.input_shape[1:], network.output_shape[1:]
        if shapes != (takes, gives):
            raise UsageError(
                f"The network {network.name} maps {shapes[0]} to {shapes[1]}; "
                f"for images of {image_shape} and {num_latents} latents it "
                f"must map {takes} to {gives}."
            )
    return encoder, decoder
