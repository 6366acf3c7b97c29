"""Checks that images from elsewhere are those of dSprites, and packs them."""

import numpy as np

from tfdisent.data import dsprites_renderer as renderer
from tfdisent.errors import RunError

# Some tens of pixels on the edges of shapes are expected to differ from the
# original; a set of other images differs in millions.
_MAX_DIFFERENT_PIXELS = 5_000


def pack(images: np.ndarray, source: object) -> np.ndarray:
    """Packs images of zeros and ones into bits.

    Args:
      images: [n, 64, 64] or [n, 64, 64, 1] uint8, 0 or 1.
      source: where they are from, for the message.

    Returns:
      [n, 512] uint8, the lowest bit leftmost.

    Raises:
      RunError: the shape is another, or a pixel is neither 0 nor 1.
    """
    size = renderer.IMAGE_SIZE
    if images.shape[1:3] != (size, size) or images.dtype != np.uint8:
        raise RunError(
            f"{source} holds {images.dtype} images {images.shape[1:]} and "
            f"dSprites has uint8 ({size}, {size}); fetch the data again."
        )
    if images.max(initial=0) > 1:
        raise RunError(
            f"{source} holds pixels of value {images.max()} and dSprites has "
            "only 0 and 1; fetch the data again."
        )
    flat = images.reshape(len(images), -1)
    return np.packbits(flat, axis=1, bitorder="little")


def compare_with_rendered(packed: np.ndarray, source: object) -> str:
    """Says in how many pixels the images differ from the rendered ones.

    Args:
      packed: [737280, 512] uint8.
      source: where they are from, for the message.

    Raises:
      RunError: they differ in more than 5,000 pixels.
    """
    rendered = renderer.render_all()
    different = int(
        sum(
            np.bitwise_count(a ^ b).sum()
            for a, b in zip(
                np.array_split(packed, 90),
                np.array_split(rendered, 90),
                strict=True,
            )
        )
    )
    if different > _MAX_DIFFERENT_PIXELS:
        raise RunError(
            f"{source} does not hold the images of dSprites: {different} "
            "pixels differ from the known geometry, and at most "
            f"{_MAX_DIFFERENT_PIXELS} may; fetch the data again."
        )
    return f"{different} pixels differ from rendered"
