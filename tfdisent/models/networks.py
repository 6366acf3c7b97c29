"""The encoders and decoders of the literature.

An architecture is a function of the image's shape and the number of latents
that gives (encoder, decoder). The encoder maps images [B, H, W, C] to [B, 2 D]:
means, then log variances. The decoder maps codes [B, D] to [B, H, W, C]: logits
or means, as the likelihood takes them.
"""

import functools
import itertools
import math

import keras

from tfdisent.errors import UsageError


class _Layers:
    """Makes layers whose weights are a function of (seed, place in the net)."""

    def __init__(self, seed: int):
        self._seeds = (seed * 1000 + i for i in itertools.count())

    def _initializer(self, activation):
        # He et al. for ReLU, Glorot & Bengio elsewhere. Of the same fan as the
        # study of 2019, in which all are Glorot's; see BUILD_NOTES.md.
        kind = "HeUniform" if activation == "relu" else "GlorotUniform"
        return getattr(keras.initializers, kind)(seed=next(self._seeds))

    def dense(self, units, activation="relu"):
        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_initializer=self._initializer(activation),
        )

    def down(self, filters, kernel=4):
        """Convolution that halves height and width."""
        return keras.layers.Conv2D(
            filters,
            kernel,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer=self._initializer("relu"),
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
):
    """ARCH-H: conv 32, 32, 64, 64 (4x4, stride 2), FC 256; mirrored decoder.

    Args:
      image_shape: Height and width divisible by 16.
      num_latents: D.
      seed: Of the initial weights.
      late_kernel: Size of the third and fourth kernel; 2 in the study of 2019
        (309,204 parameters at 64x64x1 and 10 latents; decoder 381,313).

    References:
      Higgins et al., "beta-VAE", 2017, table 1 (chairs, CelebA, 3D faces).
      Locatello et al., "Challenging Common Assumptions", 2019, table 1.
    """
    layer = _Layers(seed)
    height, width, channels = _sixteenth(image_shape, "higgins")
    encoder = keras.Sequential(
        [
            keras.Input(image_shape),
            layer.down(32),
            layer.down(32),
            layer.down(64, late_kernel),
            layer.down(64, late_kernel),
            keras.layers.Flatten(),
            layer.dense(256),
            layer.dense(2 * num_latents, None),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((num_latents,)),
            layer.dense(256),
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
    """ARCH-B: conv 32 x4 (4x4, stride 2), FC 256 x2; mirrored decoder.

    252,052 and 249,953 parameters at 64x64x1 and 10 latents.

    References:
      Burgess et al., "Understanding disentangling in beta-VAE", 2018.
    """
    layer = _Layers(seed)
    height, width, channels = _sixteenth(image_shape, "burgess")
    encoder = keras.Sequential(
        [
            keras.Input(image_shape),
            *[layer.down(32) for _ in range(4)],
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
            *[layer.up(32) for _ in range(3)],
            layer.up(channels, None),
        ],
        name="decoder",
    )
    return encoder, decoder


def _sixteenth(image_shape, architecture):
    """Size of the feature maps after four halvings."""
    height, width, channels = image_shape
    if height % 16 or width % 16:
        raise UsageError(
            f"architecture={architecture} got images of {height}x{width}; "
            "height and width must be multiples of 16."
        )
    return height // 16, width // 16, channels


ARCHITECTURES = {
    "mlp": mlp,
    "higgins": higgins,
    "higgins_2x2": functools.partial(higgins, late_kernel=2),
    "burgess": burgess,
}
