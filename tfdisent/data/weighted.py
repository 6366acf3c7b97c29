"""Views in which some images are there several times.

Weights are whole numbers, so an image with weight w is a member w times: the
distribution is exact, and an epoch is a permutation as of any other data set.
"""

from collections.abc import Sequence

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.factor_views import size_of
from tfdisent.data.members import Members, part_of
from tfdisent.errors import UsageError

MOST_MEMBERS = 100_000_000
"""What a view may hold, repetitions counted: 800 MB of indices."""

MOST_RATIO = 1_000_000


def weighted(
    dataset: FactorDataset, factor: str, weights: Sequence[int]
) -> Members:
    """Repeats images by their value of one factor.

        p(x) = weights[f(x)] / sum over images y of weights[f(y)]

    Args:
      dataset: A data set or a view.
      factor: One of its factor names.
      weights: A whole number of 1 or more for each value of the factor.
        `factor_views.only` leaves values out.

    Raises:
      UsageError: There is no such factor, the weights do not fit it, or there
        would be too many images.
    """
    size = size_of(dataset, factor)
    listed = ",".join(map(str, weights))
    if len(weights) != size or min(weights) < 1:
        raise UsageError(
            f"weights({factor})={listed} does not fit; {factor} needs {size} "
            f"whole numbers of 1 or more, and {factor}=V1,V2 leaves values out."
        )
    # As floating point, in which nothing overflows before it is refused.
    counts = np.asarray(weights, float)[_values(dataset, factor)]
    return _repeated(dataset, counts, f"weights({factor})={listed}")


def correlated(
    dataset: FactorDataset, first: str, second: str, ratio: int = 4
) -> Members:
    """Repeats images so that two factors go together.

    With values a of A and b of B,

        d(a, b) = |a / (A - 1) - b / (B - 1)|             in [0, 1]
        weight  = ratio - round((ratio - 1) d(a, b))      in 1..ratio

    where halves are rounded up. So no combination is missing, and the most
    likely ones, along the diagonal, are `ratio` times as likely as the least
    likely ones, in the two far corners.

    Args:
      dataset: A data set or a view.
      first: One of its factor names, of two values or more.
      second: Another.
      ratio: A whole number from 2 to MOST_RATIO.

    Raises:
      UsageError: The factors or the ratio are none of that kind, or there would
        be too many images.

    References:
      Chen et al. 2018, beta-TCVAE, section 5.2: joint distributions of two
      factors in which the most likely sample is 4 times as likely as the least
      likely. They are shown as pictures; the formula is a choice made here.
    """
    sizes = size_of(dataset, first), size_of(dataset, second)
    text = f"correlated={first},{second}@{ratio}"
    if first == second or min(sizes) < 2 or not 2 <= ratio <= MOST_RATIO:
        raise UsageError(
            f"{text} is not possible; it takes two different factors of 2 or "
            f"more values each (here {sizes[0]} and {sizes[1]}) and a ratio "
            f"from 2 to {MOST_RATIO}."
        )
    span_a, span_b = sizes[0] - 1, sizes[1] - 1
    a, b = _values(dataset, first), _values(dataset, second)
    distance = np.abs(a * span_b - b * span_a)
    # Whole numbers, so that no machine rounds another way.
    span = span_a * span_b
    lost = (2 * (ratio - 1) * distance + span) // (2 * span)
    return _repeated(dataset, ratio - lost, text)


def _values(dataset: FactorDataset, factor: str) -> np.ndarray:
    factors = dataset.factors_of(np.arange(len(dataset)))
    return factors[:, dataset.factor_names.index(factor)]


def _repeated(dataset: FactorDataset, counts: np.ndarray, text: str) -> Members:
    total = counts.sum()
    if total > MOST_MEMBERS:
        raise UsageError(
            f"{text} makes {total:.3g} images of {len(dataset)}; give smaller "
            f"weights, with which there are at most {MOST_MEMBERS}."
        )
    chosen = np.repeat(np.arange(len(dataset)), counts.astype(np.int64))
    return part_of(dataset, chosen, text)
