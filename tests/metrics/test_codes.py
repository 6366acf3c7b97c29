import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.codes import FunctionSampler, discretize


class GivenFactors:
    """A sampler that returns the factors it was made with."""

    factor_names = ("a", "b")
    factor_sizes = (2, 3)

    def __init__(self, factors):
        self._factors = factors

    def sample_factors(self, n, rng):
        return np.asarray(self._factors)


def test_function_sampler_draws_every_value_uniformly():
    sampler = FunctionSampler((2, 5), lambda f: f)
    factors = sampler.sample_factors(20_000, np.random.default_rng(0))
    for k, size in enumerate(sampler.factor_sizes):
        shares = np.bincount(factors[:, k], minlength=size) / len(factors)
        np.testing.assert_allclose(shares, 1 / size, atol=0.02)


def test_function_sampler_names_factors():
    assert FunctionSampler((2, 3), None).factor_names == (
        "factor_0",
        "factor_1",
    )
    with pytest.raises(UsageError, match="1 factor_names"):
        FunctionSampler((2, 3), None, ("a",))


@pytest.mark.parametrize("sizes", [(), (3, 0)])
def test_function_sampler_refuses_sizes(sizes):
    with pytest.raises(UsageError, match="factor_sizes"):
        FunctionSampler(sizes, None)


def test_encode_keeps_order_in_bounded_calls():
    calls = []

    def codes_of(factors):
        calls.append(len(factors))
        return factors * 10.0

    factors = np.arange(90_000).reshape(3, 15_000, 2)
    codes = codes_lib.encode(FunctionSampler((9, 9), codes_of), factors)
    np.testing.assert_array_equal(codes, factors * 10.0)
    assert max(calls) <= codes_lib.MAX_ROWS
    assert len(calls) == 3


def test_codes_that_are_not_finite_are_counted():
    def codes_of(factors):
        codes = np.zeros((len(factors), 4), np.float32)
        codes[2, 1] = np.nan
        codes[2, 2] = np.nan
        codes[5, 0] = -np.inf
        return codes

    with pytest.raises(UsageError, match="2 of 10 rows"):
        codes_lib.encode(FunctionSampler((3,), codes_of), np.zeros((10, 1)))


@pytest.mark.parametrize(
    "codes",
    [
        np.zeros(10),
        np.zeros((9, 2)),
        np.zeros((10, 0)),
        np.zeros((10, 2, 1)),
        np.zeros((10, 2), complex),
        np.full((10, 2), "a"),
        np.full((10, 2), 1e300),
    ],
)
def test_codes_of_wrong_form_are_refused(codes):
    sampler = FunctionSampler((3,), lambda f: codes)
    with pytest.raises(UsageError, match="codes"):
        codes_lib.encode(sampler, np.zeros((10, 1)))


@pytest.mark.parametrize(
    "factors, message",
    [
        ([[0, 1], [1, 0.5]], "whole numbers"),
        ([[0, 1], [1, np.nan]], "whole numbers"),
        ([["0", "1"], ["1", "0"]], "whole numbers"),
        ([[0, 1], [1, -1]], "outside"),
        ([[0, 1], [1, 3]], "outside"),
        ([[0, 1]], "shape"),
        ([[0], [1]], "shape"),
    ],
)
def test_factors_of_wrong_form_are_refused(factors, message):
    with pytest.raises(UsageError, match=message):
        codes_lib.draw_factors(GivenFactors(factors), (2,), None)


def test_whole_numbers_stored_as_floats_are_factors():
    given = [[0.0, 1.0], [1.0, 2.0]]
    factors = codes_lib.draw_factors(GivenFactors(given), (2, 1), None)
    assert factors.dtype == np.int64
    assert factors.tolist() == [[[0, 1]], [[1, 2]]]


def test_discretize_cuts_equal_widths():
    codes = np.array([[0.0, -8.0], [0.24, 2.0], [0.5, 0.1], [1.0, 0.0]])
    np.testing.assert_array_equal(
        discretize(codes, 4), [[0, 0], [0, 3], [2, 3], [3, 3]]
    )


def test_discretize_agrees_with_numpy_histogram():
    codes = np.random.default_rng(0).normal(size=(5_000, 3))
    labels = discretize(codes, 20)
    for d in range(3):
        counts, _ = np.histogram(codes[:, d], bins=20)
        np.testing.assert_array_equal(np.bincount(labels[:, d]), counts)


def test_discretize_puts_constants_and_their_rounding_in_one_bin():
    rounding = 3.0 * np.finfo(np.float32).eps / 4
    codes = np.array([[7.0, 3.0], [7.0, 3.0 + rounding]])
    np.testing.assert_array_equal(discretize(codes, 20), 0)


def test_discretize_does_not_see_the_scale():
    codes = np.random.default_rng(0).integers(9, size=(1_000, 2)) - 4.0
    np.testing.assert_array_equal(
        discretize(codes, 20), discretize(codes * 2**-30, 20)
    )
