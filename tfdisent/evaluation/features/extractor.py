"""What turns images into features."""

import hashlib
import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisent.errors import UsageError

RESIZE = "bilinear, with antialiasing where images shrink"
_BATCH_SIZE = 32


class FeatureExtractor(NamedTuple):
    """A network and all that defines its features.

    Attributes:
      name: of the network.
      frechet_name: what the Frechet distance in these features is called.
      kernel_name: what the kernel distance in these features is called.
      size: side in pixels to which images are resized.
      resize: how they are.
      weights: hash of the file with the weights, "sha256:..." or "md5:...".
      extract: maps images [n, H, W, C], float32 in [0, 1], C of 1 or 3, to
        features [n, F] float32. Grey is repeated to three channels.
    """

    name: str
    frechet_name: str
    kernel_name: str
    size: int
    resize: str
    weights: str
    extract: Callable[[np.ndarray], np.ndarray]


def extract_with(
    network: Callable[[tf.Tensor], tf.Tensor], size: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Makes a network of squares take images of any size.

    Args:
      network: maps images [n, size, size, 3] in [0, 1] to features [n, F].
      size: side in pixels.

    Returns:
      `FeatureExtractor.extract`. It raises a UsageError for anything but
      images [n, H, W, 1 or 3] in [0, 1].
    """

    @tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.float32)])
    def features(images):
        square = tf.image.resize(images, (size, size), antialias=True)
        colours = 3 // tf.shape(square)[-1]
        square = tf.tile(square, [1, 1, 1, colours])
        return network(tf.ensure_shape(square, [None, size, size, 3]))

    def extract(images: np.ndarray) -> np.ndarray:
        images = _check_images(images)
        starts = range(_BATCH_SIZE, len(images), _BATCH_SIZE)
        parts = np.split(images, starts)
        return np.concatenate([features(part).numpy() for part in parts])

    return extract


def check_file(path: pathlib.Path, hashed_by: str, expected: str, remedy: str):
    """Raises a UsageError with the remedy unless the file has the hash.

    Args:
      path: of the file.
      hashed_by: "md5" or "sha256".
      expected: hexadecimal digits.
      remedy: what the user shall do, the end of the message.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, hashed_by).hexdigest()
    except OSError as error:
        raise UsageError(
            f"{path}, of {hashed_by} {expected}, cannot be read "
            f"({error.strerror}); {remedy}."
        ) from error
    if found != expected:
        raise UsageError(
            f"The {hashed_by} of {path} is {found}, not {expected}; {remedy}."
        )


def _check_images(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images, np.float32)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not images.size:
        raise UsageError(
            f"The images have the shape {images.shape}; give [n, height, "
            "width, channels] with 1 or 3 channels."
        )
    if not (images.min() >= 0 and images.max() <= 1):
        raise UsageError(
            f"The images have pixels from {images.min():g} to "
            f"{images.max():g}; give numbers in [0, 1]."
        )
    return images
