"""Concepts that are kept from training, and views with and without them.

SCAN is tested on 300 combinations of wall, floor, object colour and identity
that it has met neither as images nor as symbols.

References:
  Higgins et al. (2018), SCAN: Learning hierarchical compositional visual
  concepts. ICLR.
"""

import math

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.members import Members, part_of
from tfdisent.data.room_concepts import SIZES, shown_by, sizes_of
from tfdisent.errors import UsageError


def held_out(
    seed: int, n: int = 300, sizes: tuple[int, ...] = SIZES
) -> np.ndarray:
    """Draws n different concepts that say everything.

    Args:
      seed: of the draw; a non-negative integer.
      n: How many, at least 1 and not all.
      sizes: Of the four factors.

    Returns:
      `[n, 4]` int64, sorted.

    Raises:
      UsageError: the seed or n is out of range.
    """
    if seed < 0:
        raise UsageError(f"The seed {seed} is negative; it starts at 0.")
    total = math.prod(sizes)
    if not 1 <= n < total:
        raise UsageError(
            f"{n} of {total} concepts cannot be held out; 1 to {total - 1} can."
        )
    chosen = np.random.default_rng(seed).choice(total, n, replace=False)
    return np.stack(np.unravel_index(np.sort(chosen), sizes), axis=1)


def seen(dataset: FactorDataset, seed: int, n: int = 300) -> Members:
    """The images that show none of the n concepts held out by a seed.

    Any three of the four values of a held-out concept may be seen together.

    Raises:
      UsageError: it has no concepts, an argument is wrong, or none is left.
    """
    text = f"seen={n}@{seed}"
    return _part(dataset, ~_is_held_out(dataset, seed, n), text)


def unseen(dataset: FactorDataset, seed: int, n: int = 300) -> Members:
    """The images that show one of the n concepts held out by a seed.

    Raises:
      UsageError: it has no concepts, an argument is wrong, or none is left.
    """
    text = f"unseen={n}@{seed}"
    return _part(dataset, _is_held_out(dataset, seed, n), text)


def _is_held_out(dataset: FactorDataset, seed: int, n: int) -> np.ndarray:
    sizes = sizes_of(dataset)
    held = held_out(seed, n, sizes)
    shown = shown_by(dataset, np.arange(len(dataset)))
    return np.isin(
        np.ravel_multi_index(tuple(shown.T), sizes),
        np.ravel_multi_index(tuple(held.T), sizes),
    )


def _part(dataset: FactorDataset, chosen: np.ndarray, text: str) -> Members:
    if not chosen.any():
        raise UsageError(f"No image is left in {text} of {dataset.provenance}.")
    return part_of(dataset, np.flatnonzero(chosen), text)
