"""How far apart neighbouring images of a data set are, in pixels."""

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.factor_views import size_of
from tfdisent.errors import UsageError

_BLOCK = 1024  # pairs in memory at once


def hamming_continuity(
    dataset: FactorDataset,
    factor: str,
    *,
    num_pairs: int,
    rng: np.random.Generator,
) -> float:
    """The mean normalised Hamming distance of one step of a factor.

    Two images x, y have neighbouring values v, v + 1 of the factor and all
    other factors equal; steps from the last value to the first are not taken.
    With S(x) the pixels that are not black,

        distance(x, y) = #{pixels p: x_p != y_p} / ((#S(x) + #S(y)) / 2)

    averaged over pairs that are drawn uniformly and independently. Pixels
    differ if any channel does, and are black if all channels are 0, so that of
    white shapes S is the shape, and of scenes without black every pixel. Two
    black images have distance 0.

    It is 0 if the factor is not seen, and 2 if no shape touches its next. A
    square of side s that moves by k <= s pixels leaves k rows and takes k new
    ones, which makes 2 k / s: a grid that is STEP times coarser raises the
    distance STEP times, until it saturates at 2.

    Args:
      dataset: A product of factors; a coarser grid of one is one.
      factor: One of its factor names, of two values or more.
      num_pairs: How many are drawn, at least 1; the standard error is at most
        1 / sqrt(num_pairs).
      rng: Source of randomness.

    Raises:
      UsageError: The data set is no product, has no such factor, or the factor
        has one value.

    References:
      Higgins et al. 2017, beta-VAE, appendix A.8 and figure 8, which does not
      say what is drawn, nor whether the quotient or its parts are averaged.
    """
    size = size_of(dataset, factor)
    if not dataset.is_product or size < 2 or num_pairs < 1:
        raise UsageError(
            f"The continuity of {factor} (size {size}) in {dataset.provenance} "
            f"over {num_pairs} pairs is not possible; it takes 1 pair or more "
            "of a product of factors, and a factor of 2 values or more."
        )
    position = dataset.factor_names.index(factor)
    factors = dataset.sample_factors(num_pairs, rng)
    factors[:, position] = rng.integers(size - 1, size=num_pairs)
    first = dataset.indices_of(factors)
    factors[:, position] += 1
    second = dataset.indices_of(factors)
    total = sum(
        _distances(
            dataset.images(first[start : start + _BLOCK]),
            dataset.images(second[start : start + _BLOCK]),
        ).sum()
        for start in range(0, num_pairs, _BLOCK)
    )
    return float(total / num_pairs)


def hamming_continuities(
    dataset: FactorDataset, *, num_pairs: int, rng: np.random.Generator
) -> dict[str, float]:
    """The `hamming_continuity` of each factor of two values or more.

    Their mean, shape left out as it is no transform of an object, stands for
    the paper's one number. It weighs all factors alike, and not by their number
    of steps.

    Args:
      dataset: A product of factors.
      num_pairs: Of each factor.
      rng: Source of randomness.

    Raises:
      UsageError: The data set is no product.
    """
    sizes = zip(dataset.factor_names, dataset.factor_sizes, strict=True)
    return {
        factor: hamming_continuity(
            dataset, factor, num_pairs=num_pairs, rng=rng
        )
        for factor, size in sizes
        if size > 1
    }


def _distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of pairs of images [n, H, W, C]; [n] float64."""
    differ = np.any(x != y, axis=-1).sum(axis=(1, 2))
    occupied = sum(np.any(z != 0, axis=-1).sum(axis=(1, 2)) for z in (x, y)) / 2
    return differ / np.maximum(occupied, 1)
