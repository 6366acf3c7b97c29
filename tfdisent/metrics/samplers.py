"""Codes that are a function, a table, or some latents of another sampler."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from tfdisent.errors import UsageError
from tfdisent.metrics import codes as codes_lib


@dataclasses.dataclass(frozen=True)
class FunctionSampler:
    """Codes that are a function of uniform, independent factors.

    A point is the mixed radix of its factors, the last one fastest.

    Attributes:
      factor_sizes: K numbers of values.
      codes_of: maps factors [n, K] int64 to codes [n, D].
      factor_names: K names; "factor_0", "factor_1", ... if None is given.
    """

    factor_sizes: Sequence[int]
    codes_of: Callable[[np.ndarray], np.ndarray]
    factor_names: Sequence[str] | None = None
    with_replacement: bool = dataclasses.field(default=True, init=False)

    def __post_init__(self):
        sizes = tuple(self.factor_sizes)
        if not sizes or min(sizes) < 1:
            raise UsageError(
                f"factor_sizes is {sizes}; give at least one factor, each "
                "with 1 value or more."
            )
        object.__setattr__(self, "factor_sizes", sizes)
        names = _names(self.factor_names, len(sizes))
        object.__setattr__(self, "factor_names", names)

    @property
    def num_points(self) -> int:
        return math.prod(self.factor_sizes)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self._points(self._draw(n, rng))

    def sample_with(
        self, which: np.ndarray, values: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        factors = self._draw(len(which), rng)
        factors[np.arange(len(which)), which] = values
        return self._points(factors)

    def factors(self, points: np.ndarray) -> np.ndarray:
        return np.stack(np.unravel_index(points, self.factor_sizes), axis=-1)

    def codes(self, points: np.ndarray) -> np.ndarray:
        return self.codes_of(self.factors(points))

    def _draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(self.factor_sizes, size=(n, len(self.factor_sizes)))

    def _points(self, factors: np.ndarray) -> np.ndarray:
        return np.ravel_multi_index(tuple(factors.T), self.factor_sizes)


class TableSampler:
    """Codes and factors of n rows; a point is a row.

    Args:
      codes: [n, D] finite numbers.
      factors: [n, K] whole numbers from 0; None if they are not known.
      factor_names: K names; "factor_0", "factor_1", ... if None is given.

    Raises:
      UsageError: the codes or factors are of another form, or do not match.
    """

    with_replacement = False

    def __init__(
        self,
        codes: np.ndarray,
        factors: np.ndarray | None = None,
        factor_names: Sequence[str] | None = None,
    ):
        codes = np.asarray(codes)
        if factors is None:
            factors = np.zeros((len(codes), 0), np.int64)
        factors = np.asarray(factors)
        if factors.ndim != 2 or len(factors) != len(codes) or not len(codes):
            raise UsageError(
                f"The codes have shape {codes.shape} and the factors "
                f"{factors.shape}; give codes [n, D] and factors [n, K], one "
                "row of each for each of 1 or more points."
            )
        self._codes = codes_lib.check_codes(codes, len(codes))
        self._factors = codes_lib.check_factors(factors)
        self.num_points = len(codes)
        self.factor_sizes = tuple((self._factors.max(axis=0) + 1).tolist())
        self.factor_names = _names(factor_names, factors.shape[1])
        # The rows with each value of each factor, one after another.
        self._order = np.argsort(self._factors, axis=0, kind="stable")

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(self.num_points, size=n)

    def sample_with(
        self, which: np.ndarray, values: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        draws = rng.random(len(which))
        points = np.empty(len(which), np.int64)
        for k in np.unique(which):
            chosen = which == k
            order = self._order[:, k]
            grouped = self._factors[order, k]
            first = np.searchsorted(grouped, values[chosen], "left")
            end = np.searchsorted(grouped, values[chosen], "right")
            if (first == end).any():
                raise UsageError(
                    f"No row has every value that was asked for of the factor "
                    f"{self.factor_names[k]}; ask for values that occur."
                )
            within = (draws[chosen] * (end - first)).astype(np.int64)
            points[chosen] = order[first + within]
        return points

    def factors(self, points: np.ndarray) -> np.ndarray:
        return self._factors[points]

    def codes(self, points: np.ndarray) -> np.ndarray:
        return self._codes[points]


class Rows(TableSampler):
    """Some points of another sampler, encoded once, as a table.

    Args:
      sampler: What the points are of; posteriors come along if it has them.
      points: [n] integers; row i is points[i].
    """

    def __init__(self, sampler: codes_lib.CodeSampler, points: np.ndarray):
        super().__init__(
            codes_lib.encode(sampler, points),
            codes_lib.factors_at(sampler, points),
            sampler.factor_names,
        )
        self.factor_sizes = tuple(sampler.factor_sizes)
        if hasattr(sampler, "posteriors"):
            self._posteriors = codes_lib.posteriors_at(
                sampler, points, "the table"
            )
            self.posteriors = self._posteriors_of_rows

    def _posteriors_of_rows(self, rows):
        mean, stddev = self._posteriors
        return mean[rows], stddev[rows]


def split_rows(
    sampler: codes_lib.CodeSampler,
    num_train: int,
    num_test: int,
    rng: np.random.Generator,
) -> tuple[codes_lib.CodeSampler, codes_lib.CodeSampler]:
    """Gives a sampler to train with and one to test with.

    The rows of a table are shared out in proportion, since what is learnt from
    a row must not be tested on it. Any other sampler serves for both.

    Raises:
      UsageError: the table has less than two rows.
    """
    if sampler.with_replacement:
        return sampler, sampler
    n = sampler.num_points
    if n < 2:
        raise UsageError(
            f"There is {n} row of codes; give two or more, to train and to "
            "test on."
        )
    first = round(n * num_train / (num_train + num_test))
    points = rng.permutation(n)
    first = min(max(first, 1), n - 1)
    return Rows(sampler, points[:first]), Rows(sampler, points[first:])


class SomeLatents:
    """Some of the latents of another sampler.

    Args:
      sampler: of D latents.
      latents: indices of those that are kept, at least one.

    Raises:
      UsageError: no latent is kept.
    """

    def __init__(self, sampler: codes_lib.CodeSampler, latents: Sequence[int]):
        self._latents = np.asarray(latents, np.int64)
        if not self._latents.size:
            raise UsageError(
                "The mask leaves no latent; keep at least one of them."
            )
        self._sampler = sampler
        self.factor_names = sampler.factor_names
        self.factor_sizes = sampler.factor_sizes
        self.num_points = sampler.num_points
        self.with_replacement = sampler.with_replacement
        self.sample, self.sample_with = sampler.sample, sampler.sample_with
        self.factors = sampler.factors
        if hasattr(sampler, "posteriors"):
            self.posteriors = self._some_posteriors

    def codes(self, points: np.ndarray) -> np.ndarray:
        return self._sampler.codes(points)[:, self._latents]

    def _some_posteriors(self, points):
        mean, stddev = self._sampler.posteriors(points)
        return mean[:, self._latents], stddev[:, self._latents]


def _names(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if names is None:
        return tuple(f"factor_{k}" for k in range(count))
    if len(names) != count:
        raise UsageError(
            f"{len(names)} factor_names were given for {count} factors; give "
            "one name for each factor."
        )
    return tuple(names)
