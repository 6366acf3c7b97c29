"""Every combination of values of a few latents, as one mosaic."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.latents import check_latents
from tfdisent.evaluation.figures.mosaic import Margins, draw_mosaic

MOST_IMAGES = 4_096


def combinations(
    codes: np.ndarray, latents: Sequence[int], values: Sequence[float]
) -> np.ndarray:
    """Codes with all combinations of values, those of the last latent fastest.

    Args:
      codes: `[D]`, what the other latents are.
      latents: L of them.
      values: K, the same for each.

    Returns:
      `[K^L, D]` float32.

    Raises:
      UsageError: They are over `MOST_IMAGES`, or there is no such latent.
    """
    codes = np.asarray(codes, np.float32)
    count = len(values) ** len(latents)
    if count > MOST_IMAGES:
        raise UsageError(
            f"{len(values)} values of {len(latents)} latents are {count:,} "
            f"images; {MOST_IMAGES:,} are the most."
        )
    check_latents(latents, codes.size)
    grid = np.tile(codes, (count, 1))
    grid[:, latents] = list(itertools.product(values, repeat=len(latents)))
    return grid


def code_grid(
    decode: Callable[[np.ndarray], np.ndarray],
    codes: np.ndarray,
    latents: Sequence[int],
    values: Sequence[float],
) -> Figure:
    """Draws images of all combinations: nested loops, row after row.

    A row holds all values of the last latent for as many values of the one
    before as make the mosaic about square.

    Args:
      decode: Codes `[n, D]` float32 -> images `[n, H, W, C]` in [0, 1].
      codes: `[D]`, what the other latents are.
      latents: The first changes slowest.
      values: In standard deviations of the prior.

    Returns:
      The figure.

    Raises:
      UsageError: As `combinations`.
    """
    grid = combinations(codes, latents, values)
    images = decode(grid)
    columns = _columns(len(grid), len(values))
    mosaic = draw_mosaic(
        images.reshape(-1, columns, *images.shape[1:]),
        Margins(left=16, right=16, top=56, bottom=16),
    )
    names = ", ".join(f"z{z}" for z in latents)
    loops = f"{names} over {', '.join(map(style.number, values))}"
    mosaic.figure.text(
        0.5,
        1 - 28 / (mosaic.figure.get_figheight() * style.DPI),
        f"{loops}; the last fastest, row by row",
        ha="center",
        va="center",
        fontsize=style.LABEL,
        color=style.INK,
    )
    return mosaic.figure


def _columns(count: int, num_values: int) -> int:
    """The divisor of `count` nearest a square that holds whole inner loops."""
    whole = range(num_values, count + 1, num_values)
    divisors = [n for n in whole if count % n == 0] or [count]
    return min(divisors, key=lambda n: abs(n - count**0.5))
