"""Mean activation of every latent as the factors of the data vary."""

from collections.abc import Sequence

import numpy as np

from tfdisent.errors import UsageError

POSITION = ("x_position", "y_position")
SHAPE = "shape"


def activation_means(
    codes: np.ndarray,
    factors: np.ndarray,
    factor_names: Sequence[str],
    factor_sizes: Sequence[int],
) -> dict[tuple[str, ...], np.ndarray]:
    """Average codes over all factors but one or two.

    The two positions make one map. Every other factor makes a curve per shape,
    or a single curve if shape is not among the factors.

    Args:
      codes: [n, D] mean codes of n images drawn at random.
      factors: [n, K] their factors, as indices.
      factor_names: [K] names.
      factor_sizes: [K] numbers of values.

    Returns:
      Names of the factors kept -> E[z | these factors], of shape
      [*sizes of the factors kept, D], NaN where no image was drawn; for
      dSprites ("x_position", "y_position"): [32, 32, D], ("shape",
      "scale"): [3, 6, D] and ("shape", "orientation"): [3, 40, D].

    Raises:
      UsageError: The arrays do not fit together.
    """
    codes, factors = np.asarray(codes, np.float64), np.asarray(factors)
    count = len(factor_names)
    if factors.shape != (len(codes), count) or len(factor_sizes) != count:
        raise UsageError(
            f"Codes {list(codes.shape)}, factors {list(factors.shape)}, "
            f"{count} names and {len(factor_sizes)} sizes do not fit together;"
            " give [n, latents], [n, factors], and a name and size per factor."
        )
    means = {}
    for kept in _kept_factors(tuple(factor_names)):
        columns = [factor_names.index(name) for name in kept]
        sizes = tuple(factor_sizes[k] for k in columns)
        means[kept] = _conditional_mean(codes, factors[:, columns], sizes)
    return means


def _kept_factors(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Which factors vary in each row of the figure."""
    maps = [POSITION] if set(POSITION) <= set(names) else []
    rest = [name for name in names if not maps or name not in POSITION]
    per_shape = [name for name in rest if name != SHAPE]
    if SHAPE in rest and per_shape:
        return [*maps, *((SHAPE, name) for name in per_shape)]
    return [*maps, *((name,) for name in rest)]


def _conditional_mean(
    codes: np.ndarray, factors: np.ndarray, sizes: tuple[int, ...]
) -> np.ndarray:
    """E[z | factors] as an array [*sizes, D]."""
    cells = np.ravel_multi_index(tuple(factors.T), sizes)
    total = int(np.prod(sizes))
    images = np.bincount(cells, minlength=total)
    sums = [np.bincount(cells, column, total) for column in codes.T]
    with np.errstate(invalid="ignore"):
        means = np.stack(sums, axis=-1) / images[:, None]
    return means.reshape(*sizes, -1)
