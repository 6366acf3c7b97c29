"""One number, measured several times: what to report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfdisent.errors import UsageError


def describe(values: Sequence[float]) -> dict[str, Any]:
    """Mean, median and spread of a number over seeds.

    Args:
      values: One for each seed, at least one.

    Returns:
      "mean", "median", "sd" (of a sample, n - 1; 0.0 for a single value),
      "n" and "values".

    Raises:
      UsageError: There are no values.
    """
    values = [float(value) for value in values]
    if not values:
        raise UsageError("There are 0 values to describe; give 1 or more.")
    return {
        "mean": float(np.mean(values)),
        "median": float(np.median(values)),
        "sd": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
        "n": len(values),
        "values": values,
    }


def describe_all(
    results: Sequence[Mapping[str, float | np.ndarray]],
) -> dict[str, dict[str, Any]]:
    """What `describe` says of every name, over several results.

    Args:
      results: Numbers by name, one mapping for each seed. A name may be
        missing from some, as that of a factor that did not vary in a draw;
        its "n" is then smaller. Matrices are left out.

    Returns:
      Name -> description, in the order in which the names come up.
    """
    names = dict.fromkeys(name for result in results for name in result)
    values = {
        name: [result[name] for result in results if name in result]
        for name in names
    }
    return {
        name: describe(numbers)
        for name, numbers in values.items()
        if all(np.ndim(number) == 0 for number in numbers)
    }


def best_half(scores: Sequence[float]) -> float:
    """Mean of the better half of some scores, as the beta-VAE paper reports.

    It trained 10 models, scored each with 3 seeds and discarded the lowest 50 %
    of the 30 scores. That is higher than the mean of all by 0.8 standard
    deviations where scores are normal, whatever is measured, and it means
    nothing where lower is better: so it is not part of `describe`. Give it
    beside the mean, for scores alone.

    Args:
      scores: At least one, higher being better. Of an odd number the one in
        the middle is kept.

    Returns:
      The mean of the kept scores.

    Raises:
      UsageError: There are no scores.

    References:
      Higgins et al. 2017, beta-VAE, appendix A.4.
    """
    if not len(scores):
        raise UsageError("There are 0 scores to average; give 1 or more.")
    return float(np.mean(np.sort(scores)[len(scores) // 2 :]))
