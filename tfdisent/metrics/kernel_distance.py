"""Kernel distance of two sets of features."""

from typing import NamedTuple

import numpy as np
import tqdm

from tfdisent.errors import UsageError
from tfdisent.metrics import checks
from tfdisent.metrics.feature_sets import check_feature_sets


class KernelDistance(NamedTuple):
    """MMD^2 over subsets.

    Attributes:
      mean: of the subsets' values.
      std: standard deviation of one subset's value, 0 for a single subset.
    """

    mean: float
    std: float


def kernel_distance(
    first: np.ndarray,
    second: np.ndarray,
    rng: np.random.Generator,
    *,
    subsets: int = 100,
    subset_size: int = 1_000,
) -> KernelDistance:
    """Unbiased squared maximum mean discrepancy, averaged over subsets.

    With k(x, y) = (x.y / F + 1)^3 and subsets of m rows each,

    MMD^2 = sum_{i != j} [k(x_i, x_j) + k(y_i, y_j)] / (m (m - 1))
            - 2 / m^2 sum_{i, j} k(x_i, y_j).

    In InceptionV3's features it is the KID. Unlike the Frechet distance it is
    0 in the mean for sets from one distribution at every number of rows, and
    may be below 0. Rows paired by origin (images and their reconstructions)
    share the noise of their draw: subsets of the two are drawn apart, so that
    equal sets give noise about 0, not 0.

    The defaults are those of the authors' code and take 18 s of one core with
    F = 2,048, 12 s with F = 1,280. As the subsets overlap, the mean's error is
    not std / sqrt(subsets).

    Args:
      first: [n, F] features.
      second: [m, F] features.
      rng: source of randomness.
      subsets: how many are drawn.
      subset_size: rows of each, drawn without replacement, 2 or more and at
        most n and m.

    Returns:
      Mean and standard deviation over the subsets.

    Raises:
      UsageError: the features are not finite, not [n, F], or fewer than
        subset_size; or a bad option.

    References:
      Binkowski et al. 2018, Demystifying MMD GANs.
    """
    checks.check_at_least(1, subsets=subsets)
    checks.check_at_least(2, subset_size=subset_size)
    first, second = check_feature_sets(first, second, at_least=2)
    if subset_size > min(len(first), len(second)):
        raise UsageError(
            f"subset_size is {subset_size} and the sets have {len(first)} and "
            f"{len(second)} rows; give at most the number of rows."
        )
    values = [
        _mmd_squared(
            rng.choice(first, subset_size, replace=False),
            rng.choice(second, subset_size, replace=False),
        )
        for _ in tqdm.trange(
            subsets,
            desc="kernel distance",
            delay=5,
            leave=False,
            disable=None,
        )
    ]
    return KernelDistance(float(np.mean(values)), float(np.std(values)))


def _mmd_squared(first: np.ndarray, second: np.ndarray) -> float:
    m = len(first)
    within = 0.0
    for rows in (first, second):
        kernel = _kernel(rows, rows)
        within += (kernel.sum() - np.trace(kernel)) / (m * (m - 1))
    return within - 2 * _kernel(first, second).mean()


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    linear = first @ second.T / first.shape[1] + 1
    return linear * linear * linear  # faster than ** 3
