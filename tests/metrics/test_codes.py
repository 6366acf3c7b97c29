import numpy as np
import pytest

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.samplers import FunctionSampler, TableSampler


class GivenFactors:
    """A sampler that returns the factors it was made with."""

    factor_names = ("a", "b")
    factor_sizes = (2, 3)

    def __init__(self, factors):
        self._factors = factors

    def factors(self, points):
        return np.asarray(self._factors)


def rows(n):
    codes = np.arange(2.0 * n).reshape(n, 2)
    return TableSampler(codes, codes.astype(int))


def test_encode_keeps_order_in_bounded_calls():
    calls = []

    def codes_of(factors):
        calls.append(len(factors))
        return factors * 10.0

    sampler = FunctionSampler((300, 300), codes_of)
    points = np.random.default_rng(0).permutation(45_000).reshape(3, 15_000)
    codes = codes_lib.encode(sampler, points)
    np.testing.assert_array_equal(codes[..., 0], points // 300 * 10.0)
    np.testing.assert_array_equal(codes[..., 1], points % 300 * 10.0)
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
        codes_lib.encode(FunctionSampler((30,), codes_of), np.arange(10))


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
    sampler = FunctionSampler((30,), lambda f: codes)
    with pytest.raises(UsageError, match="codes"):
        codes_lib.encode(sampler, np.arange(10))


@pytest.mark.parametrize(
    "factors, message",
    [
        ([[0, 1], [1, 0.5]], "whole numbers"),
        ([[0, 1], [1, np.nan]], "whole numbers"),
        ([["0", "1"], ["1", "0"]], "whole numbers"),
        ([[0, 1], [1, np.inf]], "^The factors [^.]* not all whole [^.]*.$"),
        ([[0, 1], [1, 1e19]], "^The factors [^.]* not all whole [^.]*.$"),
        ([[0, 1], [1, -1]], "outside"),
        ([[0, 1], [1, 3]], "outside"),
        ([[0, 1]], "shape"),
        ([[0], [1]], "shape"),
    ],
)
def test_factors_of_wrong_form_are_refused(factors, message):
    with pytest.raises(UsageError, match=message):
        codes_lib.factors_at(GivenFactors(factors), np.arange(2))


def test_whole_numbers_stored_as_floats_are_factors():
    given = [[0.0, 1.0], [1.0, 2.0]]
    factors = codes_lib.factors_at(GivenFactors(given), np.array([[0], [1]]))
    assert factors.dtype == np.int64
    assert factors.tolist() == [[[0, 1]], [[1, 2]]]


def test_a_table_gives_each_row_at_most_once():
    table = codes_lib.draw_table(rows(50), 30, np.random.default_rng(0))
    assert len(table.codes) == 30
    assert len(np.unique(table.codes, axis=0)) == 30
    np.testing.assert_array_equal(table.codes, table.factors)


def test_a_table_that_is_too_short_is_used_up_with_a_warning():
    with pytest.warns(UserWarning, match="50 rows of codes, not 80"):
        table = codes_lib.draw_table(rows(50), 80, np.random.default_rng(0))
    assert sorted(table.codes[:, 0]) == list(range(0, 100, 2))


def test_no_row_is_trained_and_tested_on():
    with pytest.warns(UserWarning, match="not 300"):
        train, test = codes_lib.draw_split(
            rows(30), 200, 100, np.random.default_rng(0)
        )
    assert len(train.codes) == 20 and len(test.codes) == 10
    both = np.concatenate([train.codes, test.codes])
    assert len(np.unique(both, axis=0)) == 30


def test_a_split_has_the_parts_asked_for():
    train, test = codes_lib.draw_split(rows(30), 9, 4, np.random.default_rng(0))
    assert (len(train.factors), len(test.factors)) == (9, 4)


@pytest.mark.parametrize("parts", [(8, 4), (14, 6), (4, 8)])
def test_no_point_of_a_small_sampler_is_trained_and_tested_on(parts):
    sampler = FunctionSampler((4, 15), lambda f: f)
    for seed in range(10):
        tables = codes_lib.draw_split(
            sampler, *parts, np.random.default_rng(seed)
        )
        assert tuple(len(table.codes) for table in tables) == parts
        both = np.concatenate([table.codes for table in tables])
        assert len(np.unique(both, axis=0)) == sum(parts)


def test_a_sampler_with_too_few_points_is_used_up_with_a_warning():
    sampler = FunctionSampler((4, 15), lambda f: f)
    with pytest.warns(UserWarning, match="60 rows of codes, not 300"):
        train, test = codes_lib.draw_split(
            sampler, 200, 100, np.random.default_rng(0)
        )
    assert len(train.codes) == 40 and len(test.codes) == 20
    both = np.concatenate([train.codes, test.codes])
    assert len(np.unique(both, axis=0)) == 60


def test_a_large_sampler_is_not_numbered_to_be_split():
    sampler = FunctionSampler((1_000,) * 5, lambda f: f)
    train, test = codes_lib.draw_split(
        sampler, 20, 10, np.random.default_rng(0)
    )
    assert len(train.codes) == 20 and len(test.codes) == 10


def test_one_row_cannot_be_split():
    with (
        pytest.raises(UsageError, match="1 row"),
        pytest.warns(UserWarning, match="1 rows"),
    ):
        codes_lib.draw_split(rows(1), 9, 4, np.random.default_rng(0))


def test_codes_without_posteriors_say_so():
    with pytest.raises(NotApplicable, match="some_metric needs q"):
        codes_lib.posteriors_at(rows(3), np.arange(3), "some_metric")


@pytest.mark.parametrize("stddev", [np.zeros((3, 2)), np.ones((3, 1))])
def test_posteriors_of_wrong_form_are_refused(stddev):
    sampler = rows(3)
    sampler.posteriors = lambda points: (sampler.codes(points), stddev)
    with pytest.raises(UsageError, match="not all above 0"):
        codes_lib.posteriors_at(sampler, np.arange(3), "some_metric")


def test_constant_but_for_rounding_is_constant():
    codes = np.full((3, 4), [0.0, 7.0, 7.0, 0.0])
    codes[0, 2] += 1e-7
    codes[0, 3] += 1e-30
    assert codes_lib.is_constant(codes).tolist() == [True, True, True, False]
