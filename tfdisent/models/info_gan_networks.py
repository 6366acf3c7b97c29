"""Generators and trunks of InfoGAN, with batch normalisation.

As all of `models.gan_networks`. Batch normalisation takes the statistics of
what it is given: true and generated images apart, each part of a batch alone.
Its moving averages, which serve after training, are over both kinds of images;
on several replicas they are those of the first.
"""

import keras

from tfdisent.models.layers import Layers, halved

_SLOPE = 0.01  # Of leaky ReLUs, in the authors' code.
_MOMENTUM = 0.9  # Of moving averages, likewise.


def chen(image_shape: tuple[int, int, int], num_inputs: int, seed: int = 0):
    """Trunk conv 64, 128 (4x4, stride 2), FC 1024; mirrored generator.

    Args:
      image_shape: Height and width divisible by 4.
      num_inputs: N.
      seed: Of the initial weights.

    References:
      Chen et al., "InfoGAN", 2016, appendix (MNIST), as in the authors' code.
    """
    layer = Layers(seed)
    height, width, channels = halved(image_shape, 2, "chen")
    trunk = _trunk(layer, image_shape, 1024)
    generator = keras.Sequential(
        [
            keras.Input((num_inputs,)),
            *_normalised(layer.dense(1024, None)),
            *_normalised(layer.dense(height * width * 128, None)),
            keras.layers.Reshape((height, width, 128)),
            *_normalised(layer.up(64, None)),
            layer.up(channels, None),
        ],
        name="generator",
    )
    return generator, trunk


def chen_2dshapes(
    image_shape: tuple[int, int, int], num_inputs: int, seed: int = 0
):
    """Trunk conv 64, 128 (4x4, stride 2), FC 256, 256; generator as below.

    FC 256, FC 256 as an image of one channel, deconv 128, 64 (4x4, stride 2),
    conv to the image's channels (3x3). The table that it is from ends with the
    deconvolution of 64 channels, so the last layer is ours.

    Args:
      image_shape: Height and width divisible by 4; the second FC 256 has as
        many units as a sixteenth of the pixels, 256 at 64x64.
      num_inputs: N.
      seed: Of the initial weights.

    References:
      Higgins et al., "beta-VAE", 2017, table 1 (InfoGAN, 2D shapes).
    """
    layer = Layers(seed)
    height, width, channels = halved(image_shape, 2, "chen_2dshapes")
    trunk = _trunk(layer, image_shape, 256, 256)
    generator = keras.Sequential(
        [
            keras.Input((num_inputs,)),
            *_normalised(layer.dense(256, None)),
            *_normalised(layer.dense(height * width, None)),
            keras.layers.Reshape((height, width, 1)),
            *_normalised(layer.up(128, None)),
            *_normalised(layer.up(64, None)),
            layer.conv(channels, 3),
        ],
        name="generator",
    )
    return generator, trunk


def lin(image_shape: tuple[int, int, int], num_inputs: int, seed: int = 0):
    """Trunk conv 32, 32, 64, 64 (4x4, stride 2), FC 128; generator as below.

    FC 128, FC 4x4x64 at 64x64, deconv 64, 32, 32 and to the image's channels
    (4x4, stride 2). Batch normalisation is in the generator alone; the trunk is
    for `spectral_norm`.

    Args:
      image_shape: Height and width divisible by 16.
      num_inputs: N.
      seed: Of the initial weights.

    References:
      Lin et al., "InfoGAN-CR and ModelCentrality", 2020, the authors' code for
      dSprites.
    """
    layer = Layers(seed)
    height, width, channels = halved(image_shape, 4, "lin")
    trunk = [keras.Input(image_shape)]
    for filters in (32, 32, 64, 64):
        trunk += [
            layer.down(filters, activation=None),
            keras.layers.LeakyReLU(_SLOPE),
        ]
    trunk += [
        keras.layers.Flatten(),
        layer.dense(128, None),
        keras.layers.LeakyReLU(_SLOPE),
    ]
    generator = [
        keras.Input((num_inputs,)),
        *_normalised(layer.dense(128, None)),
        *_normalised(layer.dense(height * width * 64, None)),
        keras.layers.Reshape((height, width, 64)),
    ]
    for filters in (64, 32, 32):
        generator += _normalised(layer.up(filters, None))
    generator.append(layer.up(channels, None))
    return (
        keras.Sequential(generator, name="generator"),
        keras.Sequential(trunk, name="trunk"),
    )


def _trunk(layer: Layers, image_shape, *widths: int) -> keras.Sequential:
    """Conv 64, 128 (4x4, stride 2) and dense layers of these widths."""
    layers = [
        keras.Input(image_shape),
        layer.down(64, activation=None),
        keras.layers.LeakyReLU(_SLOPE),
        *_normalised(layer.down(128, activation=None), _SLOPE),
        keras.layers.Flatten(),
    ]
    for width in widths:
        layers += _normalised(layer.dense(width, None), _SLOPE)
    return keras.Sequential(layers, name="trunk")


def _normalised(layer: keras.layers.Layer, slope: float = 0.0) -> list:
    """The layer, batch normalisation and a leaky ReLU of this slope."""
    return [
        layer,
        keras.layers.BatchNormalization(momentum=_MOMENTUM, epsilon=1e-5),
        keras.layers.LeakyReLU(slope),
    ]
