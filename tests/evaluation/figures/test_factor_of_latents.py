import warnings

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures.factor_of_latents import factor_of_latents


@pytest.fixture
def factors(rng):
    return rng.integers(0, 20, (2000, 3))


NAMES = ("shape", "x", "y")


def test_any_monotone_relation_counts_whole(factors):
    codes = np.stack([np.exp(factors[:, 2]), -(factors[:, 0] ** 3.0)], 1)
    (name_0, rho_0), (name_1, rho_1) = factor_of_latents(codes, factors, NAMES)
    assert (name_0, name_1) == ("y", "shape")
    np.testing.assert_allclose([rho_0, rho_1], 1)


def test_equals_correlation_of_ranks_without_ties(rng):
    codes, factors = rng.random((500, 1)), rng.permutation(500)[:, None]
    ((_, rho),) = factor_of_latents(codes, factors, ["x"])
    ranks = codes[:, 0].argsort().argsort()
    assert rho == pytest.approx(abs(np.corrcoef(ranks, factors[:, 0])[0, 1]))


def test_constant_and_broken_latents_have_no_factor(factors, rng):
    codes = np.stack([np.full(2000, 0.3), rng.random(2000)], 1)
    codes[0, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert factor_of_latents(codes, factors, NAMES) == [None, None]


def test_constant_factors_are_passed_over(factors):
    factors[:, 0] = 7
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((name, rho),) = factor_of_latents(factors[:, 1:2], factors, NAMES)
    assert (name, rho) == ("x", pytest.approx(1))
    assert factor_of_latents(factors[:, 1:2], factors[:, :1], ["a"]) == [None]


def test_refuses_arrays_that_do_not_fit():
    with pytest.raises(UsageError, match="do not fit together"):
        factor_of_latents(np.zeros((3, 2)), np.zeros((4, 3)), NAMES)
