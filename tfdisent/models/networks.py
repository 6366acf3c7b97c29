"""The encoders and decoders of the literature.

An architecture is a function of the image's shape and the number of latents
that gives (encoder, decoder). The encoder maps images [B, H, W, C] to [B, 2 D]:
means, then log variances. The decoder maps codes [B, D] to [B, H, W, C]: logits
or means, as the likelihood takes them. A function of your own,
`f(image_shape, num_latents, seed) -> (encoder, decoder)`, serves as well. Its
layers work as in inference: dropout and batch normalisation learn nothing.
"""

import functools
import math
from collections.abc import Callable

import keras

from tfdisent.errors import UsageError
from tfdisent.models.arguments import check_choice
from tfdisent.models.dc_ign_networks import kulkarni, kulkarni_faces
from tfdisent.models.layers import Layers, halved


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
    layer = Layers(seed)
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
    layer = Layers(seed)
    height, width, channels = halved(image_shape, 4, "higgins")
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
    layer = Layers(seed)
    halvings = (max(image_shape[:2]) // 4).bit_length() - 1
    height, width, channels = halved(image_shape, halvings, "burgess")
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


ARCHITECTURES = {
    "mlp": mlp,
    "higgins": higgins,
    "higgins_2x2": functools.partial(higgins, late_kernel=2),
    "burgess": burgess,
    "kim": functools.partial(higgins, hidden=128),
    "kulkarni": kulkarni,
    "kulkarni_faces": kulkarni_faces,
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
