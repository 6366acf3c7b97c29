"""Generators and discriminators.

An architecture is a function of the image's shape, the number of inputs of the
generator and a seed that gives (generator, trunk). The generator maps [B, N] to
logits of pixels, [B, H, W, C]. The trunk maps images in [-1, 1] to features,
[B, F]; what is asked of them, real or fake and which code, are heads that the
models add.
"""

from collections.abc import Callable

import keras

from tfdisent.models.arguments import check_choice
from tfdisent.models.info_gan_networks import chen, chen_2dshapes, lin
from tfdisent.models.layers import Layers, halved
from tfdisent.models.networks import ARCHITECTURES, make_networks

_SLOPE = 0.2  # of leaky ReLUs


def resnet(
    image_shape: tuple[int, int, int],
    num_inputs: int,
    seed: int = 0,
    width: int = 64,
    widest: int = 512,
):
    """Residual blocks that halve or double height and width, down to 4x4.

    Each block is x + 0.1 conv(lrelu(conv(lrelu(x)))), 3x3; the sum's first part
    goes through a 1x1 convolution where the channels change.

    Args:
      image_shape: Height and width that can be halved down to 4 or so.
      num_inputs: N.
      seed: Of the initial weights.
      width: Channels at full size; they double with each halving.
      widest: Channels at most.

    References:
      Mescheder et al., "Which Training Methods for GANs do actually Converge?",
      2018, appendix; used by Lee et al., "High-Fidelity Synthesis with
      Disentangled Representation", 2020.
    """
    layer = Layers(seed)
    halvings = (max(image_shape[:2]) // 4).bit_length() - 1
    height, width_, channels = halved(image_shape, halvings, "resnet")
    widths = [min(width * 2**i, widest) for i in range(halvings + 1)]

    image = keras.Input(image_shape)
    x = layer.conv(widths[0], 3)(image)
    for filters in widths[1:]:
        x = keras.layers.AveragePooling2D(2)(_block(layer, x, filters))
    x = keras.layers.Flatten()(_lrelu(_block(layer, x, widths[-1])))
    trunk = keras.Model(image, x, name="trunk")

    inputs = keras.Input((num_inputs,))
    x = layer.dense(height * width_ * widths[-1], None)(inputs)
    x = keras.layers.Reshape((height, width_, widths[-1]))(x)
    for filters in reversed(widths[:-1]):
        x = keras.layers.UpSampling2D(2)(_block(layer, x, filters))
    x = layer.conv(channels, 3)(_lrelu(_block(layer, x, widths[0])))
    return keras.Model(inputs, x, name="generator"), trunk


def _block(layer: Layers, x, filters: int):
    residue = layer.conv(filters, 3)(_lrelu(x))
    residue = layer.conv(filters, 3)(_lrelu(residue))
    if x.shape[-1] != filters:
        x = layer.conv(filters, 1)(x)
    return x + 0.1 * residue


def _lrelu(x):
    return keras.layers.LeakyReLU(_SLOPE)(x)


def of_a_vae(architecture: str) -> Callable:
    """Its decoder as generator, its encoder up to the last layer as trunk."""

    def make(image_shape, num_inputs, seed=0):
        encoder, decoder = make_networks(
            architecture, image_shape, num_inputs, seed
        )
        features = encoder.layers[-2].output
        return decoder, keras.Model(encoder.inputs[0], features, name="trunk")

    return make


GAN_ARCHITECTURES = {
    **{name: of_a_vae(name) for name in ARCHITECTURES},
    "resnet": resnet,
    "chen": chen,
    "chen_2dshapes": chen_2dshapes,
    "lin": lin,
}


def make_gan_networks(
    architecture: str | Callable,
    image_shape: tuple[int, int, int],
    num_inputs: int,
    seed: int,
) -> tuple[keras.Model, keras.Model]:
    """The generator and the trunk of an architecture.

    Args:
      architecture: A name in GAN_ARCHITECTURES, or a function like those in it.
      image_shape: Height, width, channels.
      num_inputs: N, codes and noise together.
      seed: Of the initial weights.

    Raises:
      UsageError: If the name is unknown or the image's size does not fit.
    """
    if not callable(architecture):
        check_choice("architecture", architecture, GAN_ARCHITECTURES)
        architecture = GAN_ARCHITECTURES[architecture]
    return architecture(image_shape, num_inputs, seed)
