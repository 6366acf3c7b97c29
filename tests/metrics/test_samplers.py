import numpy as np
import pytest
from oracles import WithPosteriors

from tfdisent.errors import UsageError
from tfdisent.metrics.samplers import (
    FunctionSampler,
    Rows,
    SomeLatents,
    TableSampler,
    split_rows,
)

FACTORS = np.array([[0, 2], [1, 0], [1, 2], [0, 0], [1, 2]])
CODES = np.arange(10.0).reshape(5, 2)


def table():
    return TableSampler(CODES, FACTORS, ("a", "b"))


def function():
    return FunctionSampler((2, 5, 3), lambda f: f * 10.0)


def test_function_sampler_draws_every_value_uniformly():
    sampler = FunctionSampler((2, 5), lambda f: f)
    rng = np.random.default_rng(0)
    factors = sampler.factors(sampler.sample(20_000, rng))
    for k, size in enumerate(sampler.factor_sizes):
        shares = np.bincount(factors[:, k], minlength=size) / len(factors)
        np.testing.assert_allclose(shares, 1 / size, atol=0.02)


def test_function_sampler_numbers_all_combinations():
    sampler = function()
    points = np.arange(sampler.num_points)
    assert sampler.num_points == 30
    expected = list(np.ndindex(2, 5, 3))
    np.testing.assert_array_equal(sampler.factors(points), expected)
    np.testing.assert_array_equal(
        sampler.codes(points), np.multiply(expected, 10)
    )


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


def test_one_factor_is_fixed_and_the_others_are_drawn():
    sampler, n = function(), 6_000
    rng = np.random.default_rng(0)
    which = rng.integers(3, size=n)
    values = rng.integers(np.array((2, 5, 3))[which])
    factors = sampler.factors(sampler.sample_with(which, values, rng))
    np.testing.assert_array_equal(factors[np.arange(n), which], values)
    for k, size in enumerate((2, 5, 3)):
        free = factors[which != k, k]
        shares = np.bincount(free, minlength=size) / len(free)
        np.testing.assert_allclose(shares, 1 / size, atol=0.04)


def test_rows_of_a_table_are_its_points():
    points = np.array([4, 0, 0])
    np.testing.assert_array_equal(table().codes(points), CODES[points])
    np.testing.assert_array_equal(table().factors(points), FACTORS[points])
    assert table().factor_sizes == (2, 3) and table().num_points == 5


def test_rows_with_a_value_are_drawn_uniformly():
    which = np.tile([0, 1, 1], 2_000)
    values = np.tile([1, 2, 0], 2_000)
    points = table().sample_with(which, values, np.random.default_rng(0))
    for start, rows in enumerate([[1, 2, 4], [0, 2, 4], [1, 3]]):
        shares = np.bincount(points[start::3], minlength=5) / 2_000
        expected = np.isin(np.arange(5), rows) / len(rows)
        np.testing.assert_allclose(shares, expected, atol=0.04)
        assert not shares[expected == 0].any()


def test_value_that_no_row_has_is_refused():
    with pytest.raises(UsageError, match="factor b"):
        table().sample_with(
            np.array([1]), np.array([1]), np.random.default_rng()
        )


def test_table_without_factors_has_none():
    sampler = TableSampler(CODES)
    assert sampler.factor_names == () and sampler.factor_sizes == ()
    assert sampler.factors(np.array([0, 3])).shape == (2, 0)


@pytest.mark.parametrize(
    "codes, factors, message",
    [
        (CODES[:4], FACTORS, "one row of each"),
        (CODES, FACTORS[:, 0], "one row of each"),
        (CODES[:0], FACTORS[:0], "one row of each"),
        (CODES, FACTORS - 1, "from 0"),
        (CODES, FACTORS / 2, "whole numbers"),
        (CODES, np.where(FACTORS, np.inf, 0), "not all whole numbers below"),
        (CODES, FACTORS * 1e19, "not all whole numbers below"),
        (CODES, FACTORS.astype(np.uint64) << 62, "not all whole num[^.]*.$"),
        (CODES, FACTORS.astype(str), "whole numbers"),
        (np.full_like(CODES, np.nan), FACTORS, "5 of 5 rows"),
        (CODES[:, 0], FACTORS, "shape"),
    ],
)
def test_table_refuses(codes, factors, message):
    with pytest.raises(UsageError, match=message):
        TableSampler(codes, factors)


def test_some_latents_are_columns():
    points = np.array([3, 1])
    some = SomeLatents(table(), [1])
    np.testing.assert_array_equal(some.codes(points), CODES[points][:, 1:])
    assert not hasattr(some, "posteriors")
    np.testing.assert_array_equal(some.factors(points), FACTORS[points])


def test_no_latent_is_refused():
    with pytest.raises(UsageError, match="leaves no latent"):
        SomeLatents(table(), [])


def test_rows_are_points_of_another_sampler():
    sampler, points = function(), np.array([7, 29, 7])
    rows = Rows(sampler, points)
    every = np.arange(3)
    assert rows.num_points == 3 and not rows.with_replacement
    assert rows.factor_names == sampler.factor_names
    assert rows.factor_sizes == sampler.factor_sizes
    np.testing.assert_array_equal(rows.codes(every), sampler.codes(points))
    np.testing.assert_array_equal(rows.factors(every), sampler.factors(points))
    assert not hasattr(rows, "posteriors")


def test_posteriors_come_along_with_rows():
    sampler, points = WithPosteriors((2, 5), lambda f: f), np.array([7, 2, 3])
    mean, stddev = Rows(sampler, points).posteriors(np.array([2, 0]))
    np.testing.assert_array_equal(mean, sampler.codes(points[[2, 0]]))
    np.testing.assert_array_equal(stddev, np.full((2, 2), 0.1))


@pytest.mark.parametrize(
    "counts, first", [((20, 10), 20), ((1, 1), 15), ((99, 1), 29), ((1, 99), 1)]
)
def test_rows_of_a_table_are_shared_out_in_proportion(counts, first):
    codes = np.arange(30)[:, None]
    rng = np.random.default_rng(0)
    train, test = split_rows(TableSampler(codes), *counts, rng)
    assert (train.num_points, test.num_points) == (first, 30 - first)
    both = [part.codes(np.arange(part.num_points)) for part in (train, test)]
    assert sorted(np.concatenate(both)[:, 0]) == list(range(30))


def test_sampler_that_draws_with_replacement_serves_for_both_parts():
    sampler = function()
    parts = split_rows(sampler, 20, 10, np.random.default_rng(0))
    assert parts == (sampler, sampler)


def test_one_row_is_not_shared_out():
    with pytest.raises(UsageError, match="1 row of codes; give two"):
        split_rows(TableSampler(CODES[:1]), 2, 1, np.random.default_rng(0))
