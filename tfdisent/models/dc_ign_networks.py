"""The encoders and decoders of DC-IGN; see `models.networks` for the form."""

import keras

from tfdisent.errors import UsageError
from tfdisent.models.layers import Layers, halved

_FACES = 150  # Height and width, the only ones that the decoder gives.


def kulkarni(
    image_shape: tuple[int, int, int], num_latents: int, seed: int = 0
) -> tuple[keras.Model, keras.Model]:
    """Conv 96, 48, 48 (3x3), each pooled; decoder 48, 96, C, each un-pooled.

    124,724 and 97,009 parameters at 64x64x1 and 10 latents. Un-pooling repeats
    each pixel.

    Args:
      image_shape: Height and width divisible by 8.
      num_latents: D.
      seed: Of the initial weights.

    References:
      Higgins et al., "beta-VAE", 2017, table 1 (DC-IGN on 2D shapes).
    """
    layer = Layers(seed)
    height, width, channels = halved(image_shape, 3, "kulkarni")
    encoder = [keras.Input(image_shape)]
    for filters in (96, 48, 48):
        encoder += [
            layer.conv(filters, 3, "relu"),
            keras.layers.MaxPooling2D(),
        ]
    encoder += [keras.layers.Flatten(), layer.dense(2 * num_latents, None)]
    decoder = [
        keras.Input((num_latents,)),
        layer.dense(height * width * 48),
        keras.layers.Reshape((height, width, 48)),
    ]
    for filters, activation in ((48, "relu"), (96, "relu"), (channels, None)):
        decoder += [
            keras.layers.UpSampling2D(),
            layer.conv(filters, 3, activation),
        ]
    return _named(encoder, decoder)


def kulkarni_faces(
    image_shape: tuple[int, int, int], num_latents: int, seed: int = 0
) -> tuple[keras.Model, keras.Model]:
    """The network for faces, 150x150: conv 96, 48, 24 (5x5), each pooled.

    The decoder has 24 maps of 15x15 and four times un-pools by repeating
    pixels and convolves (7x7): 48, 96, 96, C. No convolution is padded.
    2,306,968 and 1,824,169 parameters with 1 channel and 200 latents.

    Args:
      image_shape: 150x150, of any number of channels.
      num_latents: D; 200 in the paper.
      seed: Of the initial weights.

    Raises:
      UsageError: If the images have another size.

    References:
      Kulkarni et al., "Deep Convolutional Inverse Graphics Network", 2015;
      `init_network2_150_mv` of the authors' code.
    """
    height, width, channels = image_shape
    if (height, width) != (_FACES, _FACES):
        raise UsageError(
            f"architecture=kulkarni_faces got images of {height}x{width}; "
            f"height and width must be {_FACES}."
        )
    layer = Layers(seed)
    encoder = [keras.Input(image_shape)]
    for filters in (96, 48, 24):
        encoder += _unpadded(layer, filters, 5, "relu")
        encoder += [keras.layers.MaxPooling2D()]
    encoder += [keras.layers.Flatten(), layer.dense(2 * num_latents, None)]
    decoder = [
        keras.Input((num_latents,)),
        layer.dense(15 * 15 * 24),
        keras.layers.Reshape((15, 15, 24)),
    ]
    for filters in (48, 96, 96):
        decoder += [keras.layers.UpSampling2D()]
        decoder += _unpadded(layer, filters, 7, "relu")
    decoder += [keras.layers.UpSampling2D()]
    decoder += _unpadded(layer, channels, 7, None)
    return _named(encoder, decoder)


def _unpadded(layer: Layers, filters: int, kernel: int, activation):
    """A convolution whose padding is cut off again."""
    return [
        layer.conv(filters, kernel, activation),
        keras.layers.Cropping2D(kernel // 2),
    ]


def _named(encoder: list, decoder: list):
    return (
        keras.Sequential(encoder, name="encoder"),
        keras.Sequential(decoder, name="decoder"),
    )
