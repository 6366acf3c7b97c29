"""Codes of the factors of dSprites whose scores are known."""

import zlib

import numpy as np

from tfdisent.metrics.samplers import FunctionSampler, TableSampler

NAMES = ("shape", "scale", "orientation", "x_position", "y_position")
SIZES = (3, 6, 40, 32, 32)


def perfect(factors):
    """The factors, each with mean 0 and variance 1."""
    sizes = np.array(SIZES)
    return (factors - (sizes - 1) / 2) / np.sqrt((sizes**2 - 1) / 12)


def rotated(factors):
    mixing = np.random.default_rng(1).normal(size=(5, 5))
    return perfect(factors) @ np.linalg.qr(mixing)[0]


def noise(factors):
    seed = zlib.crc32(factors.tobytes())
    return np.random.default_rng(seed).normal(size=(len(factors), 10))


def constant(factors):
    return np.full((len(factors), 10), 0.1, np.float32)


ORACLES = {
    "perfect": perfect,
    "perfect and noise": lambda f: np.hstack([perfect(f), noise(f)]),
    "perfect and dead": lambda f: np.hstack([perfect(f), constant(f)]),
    "duplicated": lambda f: np.repeat(perfect(f), 2, axis=1),
    "rotated": rotated,
    "scale, x, y": lambda f: perfect(f)[:, [1, 3, 4]],
    "x, y": lambda f: perfect(f)[:, 3:],
    "noise": noise,
    "constant": constant,
}


class WithPosteriors(FunctionSampler):
    """Codes with a standard deviation for all of them."""

    def __init__(self, sizes, codes_of, names=None, stddev=0.1):
        super().__init__(sizes, codes_of, names)
        object.__setattr__(self, "stddev", stddev)

    def posteriors(self, points):
        mean = np.asarray(self.codes(points), np.float64)
        return mean, np.full_like(mean, self.stddev)


class Copies(FunctionSampler):
    """A function of few factors, with a million copies of each point.

    Metrics that never train and test on one point draw it again and again.
    """

    @property
    def num_points(self):
        return 1_000_000 * super().num_points

    def factors(self, points):
        return super().factors(points % super().num_points)


class InOrder(TableSampler):
    """Rows that are drawn in their order, as if there were many more."""

    with_replacement = True

    def __init__(self, codes, factors, factor_names=None):
        super().__init__(codes, factors, factor_names)
        self.num_points = 1_000 * len(codes)

    def sample(self, n, rng):
        return np.arange(n)


def score(metric, codes_of, seed=0, **options):
    """All values of a metric for codes of the factors of dSprites."""
    sampler = WithPosteriors(SIZES, codes_of, NAMES)
    return metric(sampler, np.random.default_rng(seed), **options)
