import itertools

import numpy as np
import pytest


def test_index_is_the_mixed_radix_with_the_last_factor_fastest(make_toy):
    dataset = make_toy((2, 3, 4))
    combinations = list(itertools.product(range(2), range(3), range(4)))
    assert len(dataset) == 24
    np.testing.assert_array_equal(
        dataset.factors_of(np.arange(24)), combinations
    )
    np.testing.assert_array_equal(
        dataset.indices_of(combinations), np.arange(24)
    )


def test_a_product_is_its_own_product(make_toy):
    dataset = make_toy()
    assert dataset.is_product
    assert dataset.whole is dataset


def test_no_indices_give_no_factors(make_toy):
    dataset = make_toy()
    assert dataset.factors_of([]).shape == (0, 3)
    assert dataset.indices_of(np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize("index", [-1, 24])
def test_an_index_out_of_range_is_refused(make_toy, index):
    with pytest.raises(ValueError):
        make_toy().factors_of([index])


@pytest.mark.parametrize("factors", [(2, 0, 0), (0, -1, 0), (0, 0, 4)])
def test_a_factor_out_of_range_is_refused(make_toy, factors):
    with pytest.raises(ValueError):
        make_toy().indices_of([factors])


def test_sampled_factors_are_uniform_over_combinations(make_toy):
    dataset = make_toy((2, 3, 4))
    factors = dataset.sample_factors(24_000, np.random.default_rng(0))
    assert factors.dtype == np.int64
    counts = np.bincount(dataset.indices_of(factors), minlength=24)
    # Chi-squared with 23 degrees of freedom: above 50 in 1 of 1,000 draws.
    assert np.sum((counts - 1000.0) ** 2 / 1000.0) < 50


def test_sampling_is_a_function_of_the_generator(make_toy):
    draws = [
        make_toy().sample_factors(50, np.random.default_rng(seed))
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
