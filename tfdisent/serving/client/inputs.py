"""What a client's methods take, as the arrays that the contract names."""

import operator
import reprlib

import numpy as np
from numpy.typing import ArrayLike

from tfdisent.errors import UsageError
from tfdisent.serving.client.signatures import array_of

_SLACK = 1e-3  # Of pixels that were computed.


def pixels(images: ArrayLike) -> np.ndarray:
    """Images as they are; uint8 divided by 255.

    Raises:
      UsageError: a pixel is a finite number outside [0, 1].
    """
    images = array_of("images", images)
    if images.dtype == np.uint8:
        return images / np.float32(255)
    if images.dtype.kind in "fiu":  # of all else the signature says what it is
        seen = images[np.isfinite(images)]
        low, high = seen.min(initial=0), seen.max(initial=0)
        if low < -_SLACK or high > 1 + _SLACK:
            raise UsageError(
                "pixels must be in [0, 1], or uint8; those given go from "
                f"{low:g} to {high:g} as {images.dtype}."
            )
    return images


def seeds(seed: ArrayLike, rows: int = 1) -> np.ndarray:
    """A seed for each row of a batch.

    Args:
      seed: whole numbers; n alone stands for n, n + 1, and so on.
      rows: of the batch, for such an n.

    Returns:
      int64.

    Raises:
      UsageError: not all are whole numbers in int64.
    """
    # Python's numbers: numpy's become floating point, or wrap around.
    given = np.asarray(seed, object)
    try:
        numbers = [operator.index(number) for number in given.flat]
        if not given.ndim:
            numbers = range(numbers[0], numbers[0] + rows)
        return np.array(numbers, np.int64).reshape(given.shape or rows)
    except (TypeError, OverflowError) as error:
        count = f" for {rows} rows" if not given.ndim and rows > 1 else ""
        raise UsageError(
            f"seed {reprlib.repr(seed)}{count} gives other than whole numbers "
            "from -2^63 to 2^63 - 1."
        ) from error


def moves(
    latent: ArrayLike, values: ArrayLike, batch: ArrayLike
) -> dict[str, np.ndarray]:
    """A latent, or one for all, and values [K] for each row of a batch."""
    latent, values = array_of("latent", latent), array_of("values", values)
    rows = rows_of(array_of("codes", batch))
    if not latent.ndim:
        latent = np.full(rows, latent)
    if values.ndim == 1:
        values = np.tile(values, (rows, 1))
    return {"latent": latent, "values": values}


def rows_of(batch: np.ndarray) -> int:
    """Rows of a batch; one of what is none."""
    return batch.shape[0] if batch.ndim else 1
