"""PNG files inside a graph: images of the model's size, from bytes and back.

References:
  W3C, "Portable Network Graphics (PNG) Specification", section 11.2.2.
"""

import struct
from collections.abc import Sequence

import tensorflow as tf

_SLACK_BYTES = 2**14  # headers, palette, colour profile, a few lines of text


def read_pngs(files: tf.Tensor, image_shape: Sequence[int]) -> tf.Tensor:
    """Images of PNG files.

    Grey, RGB, palette, 1 to 16 bits and interlacing are read. Colour becomes
    grey, 0.299 R + 0.587 G + 0.114 B, or the other way around as the model
    needs it; alpha is dropped. 4 channels are not read: TensorFlow fills in
    the wrong alpha where a file of few bits has none.

    Args:
      files: `[B]` strings.
      image_shape: height, width and channels, of which 1 or 3.

    Returns:
      `[B, H, W, C]` float32 in [0, 1].

    Raises:
      tf.errors.InvalidArgumentError: a string is no PNG file, of another size
        or too long. The first and last are seen before anything is inflated:
        20,000 x 20,000 pixels fit in 400 kB. A file that is short enough may
        still hold packed texts, or pixels without end, of 1000 times its
        length, which cost 4 us of a processor for each byte of it: 0.2 s at
        most for 64 x 64 pixels. The server of this package bounds that for
        each request (`serving.inference.png_check`), a graph cannot.
    """
    height, width, channels = image_shape
    # No file of this size needs more than 16 bits of RGBA, uncompressed.
    most = height * (8 * width + 1) + _SLACK_BYTES
    checks = [
        tf.debugging.Assert(
            tf.reduce_all(tf.strings.substr(files, 0, 24) == _head(image_shape))
            & tf.reduce_all(tf.strings.length(files) <= most),
            [
                f"images_bytes must be PNG files, {height} pixels high and"
                f" {width} wide, of at most {most} bytes"
            ],
        )
    ]
    with tf.control_dependencies(checks):
        levels = tf.map_fn(
            # 8 bits are widened to 16, which gives the same numbers.
            lambda file: tf.io.decode_png(file, channels, tf.uint16),
            files,
            fn_output_signature=tf.TensorSpec(image_shape, tf.uint16),
        )
    return tf.cast(levels, tf.float32) / 65535


def write_pngs(images: tf.Tensor) -> tf.Tensor:
    """PNG files of 8 bits, one for each image.

    Args:
      images: `[..., H, W, C]` in [0, 1], C of 1 or 3; NaN becomes black, since
        a PNG has none.

    Returns:
      `[...]` strings.
    """
    levels = tf.where(tf.math.is_nan(images), 0.0, tf.round(255 * images))
    return tf.io.encode_png(tf.cast(levels, tf.uint8))


def _head(image_shape: Sequence[int]) -> bytes:
    """The first 24 bytes of each PNG file of this height and width."""
    height, width, _ = image_shape
    signature = b"\x89PNG\r\n\x1a\n"
    return struct.pack(">8sI4sII", signature, 13, b"IHDR", width, height)
