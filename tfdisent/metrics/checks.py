"""What metrics refuse, and what they warn of."""

import warnings
from collections.abc import Sequence

import numpy as np

from tfdisent.errors import NotApplicable, UsageError

ACTIVE_STD = 0.05
"""A latent whose codes have a smaller standard deviation is inactive."""

_CONSTANT_STD = 1e-6


def check_at_least(minimum: int, **counts: int) -> None:
    """Raises UsageError for a count that is no integer or below minimum."""
    for name, value in counts.items():
        if not isinstance(value, int | np.integer) or value < minimum:
            raise UsageError(
                f"{name} is {value!r}; give a whole number of {minimum} or "
                "more."
            )


def check_without(without: Sequence[str]) -> None:
    """Raises UsageError for one name in the place of a list of names."""
    if isinstance(without, str):
        raise UsageError(
            f"without is the string {without!r}; give a list of factor names."
        )


def varying_factors(
    metric: str, names: Sequence[str], factors: np.ndarray, at_least: int
) -> np.ndarray:
    """Returns the indices of the factors that vary; warns of the others.

    Args:
      metric: name for the messages.
      names: K names.
      factors: [n, K] factors that were drawn.
      at_least: how many varying factors the metric needs.

    Raises:
      NotApplicable: there are no factors.
      UsageError: fewer than `at_least` factors vary.
    """
    if not len(names):
        raise NotApplicable(
            f"{metric} needs the factors of each image, which are not known."
        )
    varies = np.ptp(factors, axis=0) > 0
    fixed = ", ".join(n for n, v in zip(names, varies, strict=True) if not v)
    if varies.sum() < at_least:
        raise UsageError(
            f"{metric} needs {at_least} or more factors with more than one "
            f"value and has {varies.sum()}; give data in which more varies."
        )
    if fixed:
        warnings.warn(
            f"{metric} leaves out the factors with one value: {fixed}.",
            stacklevel=3,
        )
    return np.flatnonzero(varies)


def warn_of_degenerate(metric: str, std: np.ndarray) -> None:
    """Warns of codes whose score is finite but says little.

    Args:
      metric: name for the messages.
      std: [D] standard deviations of the codes.
    """
    dims, constant = len(std), int((std < _CONSTANT_STD).sum())
    if dims == 1:
        warnings.warn(f"{metric}: there is a single latent.", stacklevel=3)
    if (std < ACTIVE_STD).all():
        warnings.warn(
            f"{metric}: all {dims} latents have standard deviations below "
            f"{ACTIVE_STD}; the codes have collapsed.",
            stacklevel=3,
        )
    elif constant:
        warnings.warn(
            f"{metric}: {constant} of {dims} latents are constant.",
            stacklevel=3,
        )
