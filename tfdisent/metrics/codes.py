"""Codes and the factors they come from: what every metric is computed on."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from tfdisent.errors import UsageError

MAX_ROWS = 20_000
"""A sampler is never asked for more codes than this in one call."""

_FLOAT32 = np.finfo(np.float32)


class CodeSampler(Protocol):
    """A representation that can be asked for the codes of chosen factors.

    Attributes:
      factor_names: K names.
      factor_sizes: K numbers of values; factor k is in 0..factor_sizes[k] - 1.
    """

    factor_names: Sequence[str]
    factor_sizes: Sequence[int]

    def sample_factors(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draws n sets of factors, [n, K] integers.

        Metrics that fix a factor copy its value from one draw to another, so
        `codes` must know every combination of the values drawn here.
        """
        ...

    def codes(self, factors: np.ndarray) -> np.ndarray:
        """Returns the codes, [n, D] floats, of factors [n, K]."""
        ...


@dataclasses.dataclass(frozen=True)
class FunctionSampler:
    """Codes that are a function of uniform, independent factors.

    Attributes:
      factor_sizes: K numbers of values.
      codes_of: maps factors [n, K] int64 to codes [n, D].
      factor_names: K names; "factor_0", "factor_1", ... if None is given.
    """

    factor_sizes: Sequence[int]
    codes_of: Callable[[np.ndarray], np.ndarray]
    factor_names: Sequence[str] | None = None

    def __post_init__(self):
        sizes = tuple(self.factor_sizes)
        if not sizes or min(sizes) < 1:
            raise UsageError(
                f"factor_sizes is {sizes}; give at least one factor, each "
                "with 1 value or more."
            )
        names = self.factor_names
        if names is None:
            names = [f"factor_{k}" for k in range(len(sizes))]
        if len(names) != len(sizes):
            raise UsageError(
                f"{len(names)} factor_names were given for {len(sizes)} "
                "factor_sizes; give one name for each factor."
            )
        object.__setattr__(self, "factor_sizes", sizes)
        object.__setattr__(self, "factor_names", tuple(names))

    def sample_factors(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(self.factor_sizes, size=(n, len(self.factor_sizes)))

    def codes(self, factors: np.ndarray) -> np.ndarray:
        return self.codes_of(factors)


def draw_factors(
    sampler: CodeSampler, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Draws factors from the sampler and checks them.

    Args:
      sampler: where to draw.
      shape: the leading shape of the result.
      rng: source of randomness.

    Returns:
      [*shape, K] int64.

    Raises:
      UsageError: the sampler gave anything but integers within its sizes.
    """
    n, sizes = math.prod(shape), np.asarray(sampler.factor_sizes)
    factors = np.asarray(sampler.sample_factors(n, rng))
    if factors.shape != (n, len(sizes)):
        raise UsageError(
            f"The sampler gave factors of shape {factors.shape} where "
            f"({n}, {len(sizes)}) was asked for; give one row for each set of "
            "factors."
        )
    if factors.dtype.kind not in "iuf" or (factors != np.floor(factors)).any():
        raise UsageError(
            f"The factors ({factors.dtype}) are not all whole numbers; give "
            "the index of each factor's value."
        )
    if (factors < 0).any() or (factors >= sizes).any():
        raise UsageError(
            f"Some factors lie outside 0..size - 1 for the sizes "
            f"{tuple(sizes.tolist())}; number each factor's values from 0."
        )
    return factors.astype(np.int64).reshape(*shape, len(sizes))


def encode(sampler: CodeSampler, factors: np.ndarray) -> np.ndarray:
    """Asks the sampler for codes, at most MAX_ROWS at a time, and checks them.

    Args:
      sampler: knows the codes.
      factors: [..., K] int64.

    Returns:
      Codes, [..., D] float64.

    Raises:
      UsageError: the codes are not finite numbers [n, D], one row for each
        row of factors.
    """
    rows = factors.reshape(-1, factors.shape[-1])
    parts = [
        _checked(sampler.codes(part), len(part))
        for part in np.split(rows, range(MAX_ROWS, len(rows), MAX_ROWS))
    ]
    return np.concatenate(parts).reshape(*factors.shape[:-1], -1)


def _checked(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if codes.ndim != 2 or len(codes) != n or codes.shape[1] < 1:
        raise UsageError(
            f"The codes of {n} sets of factors have shape {codes.shape}; give "
            f"({n}, number of latents)."
        )
    if codes.dtype.kind not in "biuf":
        raise UsageError(
            f"The codes are of type {codes.dtype}; give real numbers."
        )
    # Squares of numbers within the range of float32 stay finite in float64.
    codes = codes.astype(np.float64)
    bad = int((~(np.abs(codes) <= _FLOAT32.max)).any(axis=1).sum())
    if bad:
        raise UsageError(
            f"{bad} of {n} rows of codes hold NaN, infinite or larger numbers "
            "than float32 can; give finite codes."
        )
    return codes


def discretize(codes: np.ndarray, num_bins: int) -> np.ndarray:
    """Cuts each code into bins of equal width between its least and greatest.

    Args:
      codes: [n, D] finite floats.
      num_bins: bins for each code, at least 2.

    Returns:
      [n, D] int64 in 0..num_bins - 1. A code that is constant but for the
      rounding of float32 lies in one bin.
    """
    labels = np.zeros(codes.shape, np.int64)
    for d, code in enumerate(codes.T):
        low, high = code.min(), code.max()
        if high - low > _FLOAT32.eps * np.abs(code).max():
            edges = np.linspace(low, high, num_bins + 1)
            labels[:, d] = np.digitize(code, edges[1:-1])
    return labels
