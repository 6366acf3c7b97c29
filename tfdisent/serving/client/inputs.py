"""What a client's methods take, as the arrays that the contract names."""

import numpy as np
from numpy.typing import ArrayLike


def pixels(images: ArrayLike) -> np.ndarray:
    """Images as they are; uint8 divided by 255."""
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images / np.float32(255)
    return images


def seeds(seed: ArrayLike, batch: np.ndarray) -> np.ndarray:
    """A seed for each row of a batch; n stands for n, n + 1, and so on."""
    seed = np.asarray(seed)
    return seed if seed.ndim else seed + np.arange(_rows(batch))


def moves(
    latent: ArrayLike, values: ArrayLike, batch: ArrayLike
) -> dict[str, np.ndarray]:
    """A latent, or one for all, and values [K] for each row of a batch."""
    latent, values = np.asarray(latent), np.asarray(values)
    rows = _rows(np.asarray(batch))
    if not latent.ndim:
        latent = np.full(rows, latent)
    if values.ndim == 1:
        values = np.tile(values, (rows, 1))
    return {"latent": latent, "values": values}


def _rows(batch: np.ndarray) -> int:
    return batch.shape[0] if batch.ndim else 1
