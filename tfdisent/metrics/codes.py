"""Codes and the factors they come from: what every metric is computed on."""

import warnings
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tfdisent.errors import NotApplicable, UsageError

MAX_ROWS = 20_000
"""A sampler is never asked for more codes than this in one call."""

_ENOUGH = 20
_FLOAT32 = np.finfo(np.float32)


class CodeSampler(Protocol):
    """A representation: points (images, say), their factors and codes.

    A point is an integer in 0..num_points - 1.

    Attributes:
      factor_names: K names; none if the factors are not known.
      factor_sizes: K numbers of values; factor k is in 0..factor_sizes[k] - 1.
      num_points: how many points there are.
      with_replacement: whether metrics draw points with replacement. False for
        a table, whose rows are a sample of what could have been measured: no
        row may be trained and tested on.
    """

    factor_names: Sequence[str]
    factor_sizes: Sequence[int]
    num_points: int
    with_replacement: bool

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draws n points with replacement, [n] int64."""
        ...

    def sample_with(
        self, which: np.ndarray, values: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Draws n points, of which point i has values[i] in factor which[i].

        Args:
          which: [n] integers in 0..K - 1.
          values: [n] integers that some point has in that factor.
          rng: source of randomness.

        Returns:
          [n] int64, drawn with replacement.
        """
        ...

    def factors(self, points: np.ndarray) -> np.ndarray:
        """Returns the factors, [n, K] integers, of points [n]."""
        ...

    def codes(self, points: np.ndarray) -> np.ndarray:
        """Returns the codes, [n, D] floats, of points [n]."""
        ...


class PosteriorSampler(CodeSampler, Protocol):
    """A representation with a diagonal Gaussian q(z|x) for each point."""

    def posteriors(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns mean and standard deviation, [n, D] each, of points [n]."""
        ...


class Table(NamedTuple):
    """Codes beside their factors.

    Attributes:
      codes: [n, D] float64.
      factors: [n, K] int64.
    """

    codes: np.ndarray
    factors: np.ndarray


def draw_points(
    sampler: CodeSampler, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Draws n points, or all rows of a table that has fewer, [n] int64."""
    if sampler.with_replacement:
        return sampler.sample(n, rng)
    return rng.permutation(sampler.num_points)[:n]


def draw_table(sampler: CodeSampler, n: int, rng: np.random.Generator) -> Table:
    """Draws n points, or all of a table that has fewer, with a warning.

    Codes that are constant but for the rounding of float32 are made constant.
    """
    return _table(sampler, draw_points(sampler, n, rng), n)


def draw_split(
    sampler: CodeSampler,
    num_train: int,
    num_test: int,
    rng: np.random.Generator,
) -> tuple[Table, Table]:
    """Draws points to train and to test on, in proportion if there are fewer.

    No row of a table is in both, and no point of a sampler that has less than
    20 times as many: what was learnt by heart must not count.

    Raises:
      UsageError: there are less than two points.
    """
    n = num_train + num_test
    if n * _ENOUGH <= sampler.num_points:
        points = draw_points(sampler, n, rng)
    else:
        points = rng.permutation(sampler.num_points)[:n]
    codes, factors = _table(sampler, points, n)
    if len(codes) < 2:
        raise UsageError(
            f"There is {len(codes)} row of codes; give two or more, to train "
            "and to test on."
        )
    first = round(len(codes) * num_train / n)
    first = min(max(first, 1), len(codes) - 1)
    return (
        Table(codes[:first], factors[:first]),
        Table(codes[first:], factors[first:]),
    )


def _table(sampler: CodeSampler, points: np.ndarray, n: int) -> Table:
    if len(points) < n:
        warnings.warn(
            f"There are {len(points)} rows of codes, not {n}; all of them are "
            "used.",
            stacklevel=4,
        )
    codes = encode(sampler, points)
    constant = is_constant(codes)
    codes[:, constant] = codes[0, constant]
    return Table(codes, factors_at(sampler, points))


def factors_at(sampler: CodeSampler, points: np.ndarray) -> np.ndarray:
    """Asks the sampler for factors and checks them.

    Args:
      sampler: knows the factors.
      points: [...] int64.

    Returns:
      [..., K] int64.

    Raises:
      UsageError: the sampler gave anything but integers within its sizes.
    """
    n, sizes = points.size, np.asarray(sampler.factor_sizes, np.int64)
    factors = np.asarray(sampler.factors(points.reshape(-1)))
    if factors.shape != (n, len(sizes)):
        raise UsageError(
            f"The sampler gave factors of shape {factors.shape} where "
            f"({n}, {len(sizes)}) was asked for; give one row for each point."
        )
    factors = check_factors(factors)
    if (factors >= sizes).any():
        raise UsageError(
            f"Some factors lie outside 0..size - 1 for the sizes "
            f"{tuple(sizes.tolist())}; number each factor's values from 0."
        )
    return factors.reshape(*points.shape, len(sizes))


def check_factors(factors: np.ndarray) -> np.ndarray:
    """Returns factors [n, K] as int64.

    Raises:
      UsageError: they are not whole numbers from 0.
    """
    is_number = factors.dtype.kind in "biuf"
    # Beyond 2^53 floats have no fractions to show.
    if (
        not is_number
        or ((factors != np.floor(factors)) | (factors >= 2**53)).any()
    ):
        raise UsageError(
            f"The factors ({factors.dtype}) are not all whole numbers below "
            "2^53; give the index of each factor's value."
        )
    if (factors < 0).any():
        raise UsageError(
            f"Some factors lie outside 0..size - 1, the least is "
            f"{factors.min():g}; number each factor's values from 0."
        )
    return factors.astype(np.int64)


def encode(sampler: CodeSampler, points: np.ndarray) -> np.ndarray:
    """Asks the sampler for codes, at most MAX_ROWS at a time, and checks them.

    Args:
      sampler: knows the codes.
      points: [...] int64.

    Returns:
      Codes, [..., D] float64.

    Raises:
      UsageError: the codes are not finite numbers [n, D], one row for each
        point.
    """
    parts = [
        check_codes(sampler.codes(part), len(part)) for part in _parts(points)
    ]
    return np.concatenate(parts).reshape(*points.shape, -1)


def posteriors_at(
    sampler: CodeSampler, points: np.ndarray, metric: str
) -> tuple[np.ndarray, np.ndarray]:
    """Asks for q(z|x) at points [n] and checks it.

    Returns:
      Mean and standard deviation, [n, D] float64 each.

    Raises:
      NotApplicable: the representation has no posteriors.
      UsageError: they are not finite, or a standard deviation is not above 0.
    """
    if not hasattr(sampler, "posteriors"):
        raise NotApplicable(
            f"{metric} needs q(z|x), a mean and a standard deviation for each "
            "image, which this representation does not have."
        )
    parts = [
        [check_codes(values, len(part)) for values in sampler.posteriors(part)]
        for part in _parts(points)
    ]
    mean, stddev = map(np.concatenate, zip(*parts, strict=True))
    if mean.shape != stddev.shape or not (stddev > 0).all():
        raise UsageError(
            f"The standard deviations of q(z|x), {stddev.shape} beside means "
            f"{mean.shape}, are not all above 0; give one for each mean."
        )
    return mean, stddev


def _parts(points: np.ndarray) -> list[np.ndarray]:
    flat = points.reshape(-1)
    return np.split(flat, range(MAX_ROWS, len(flat), MAX_ROWS))


def check_codes(codes: np.ndarray, n: int) -> np.ndarray:
    """Returns codes as float64.

    Raises:
      UsageError: they are not finite real numbers [n, D].
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or len(codes) != n or codes.shape[1] < 1:
        raise UsageError(
            f"The codes of {n} points have shape {codes.shape}; give "
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


def is_constant(codes: np.ndarray) -> np.ndarray:
    """Says of each code [n, D] if it is one value, but for float32 rounding.

    Returns:
      [D] bool.
    """
    largest = np.abs(codes).max(axis=0)
    return np.ptp(codes, axis=0) <= _FLOAT32.eps * largest
