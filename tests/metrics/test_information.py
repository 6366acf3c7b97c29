import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from tfdisent.metrics import information


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    factors = rng.integers((3, 1, 40), size=(500, 3))
    noise = rng.integers(20, size=(500, 1))
    return np.hstack([factors, factors[:, 2:] // 2, noise]), factors


def test_mutual_information_agrees_with_scikit_learn(labels):
    codes, factors = labels
    mutual = information.mutual_information(codes, factors)
    assert mutual.shape == (5, 3)
    for d in range(5):
        for k in range(3):
            expected = mutual_info_score(codes[:, d], factors[:, k])
            assert mutual[d, k] == pytest.approx(expected, abs=1e-12)
    assert (mutual >= 0).all()


def test_entropy_is_information_about_oneself(labels):
    codes, _ = labels
    mutual = information.mutual_information(codes, codes)
    np.testing.assert_allclose(
        information.entropies(codes), np.diag(mutual), atol=1e-12
    )


def test_entropy_of_uniform_and_constant_labels():
    columns = np.stack([np.arange(60) % 6, np.full(60, 4)], axis=1)
    np.testing.assert_allclose(
        information.entropies(columns), [np.log(6), 0], atol=1e-12
    )


def test_column_with_one_value_has_exactly_no_information(labels):
    codes, factors = labels
    codes[:, 4] = 7
    mutual = information.mutual_information(codes, factors + 3)
    assert (mutual[4] == 0).all()
    assert (mutual[:, 1] == 0).all()


def test_entropies_bound_mutual_information(labels):
    codes, factors = labels
    mutual = information.mutual_information(codes, factors)
    bound = np.minimum.outer(
        information.entropies(codes), information.entropies(factors)
    )
    assert (mutual <= bound + 1e-12).all()
    assert mutual[3, 2] == pytest.approx(bound[3, 2])  # a function of it


@pytest.mark.parametrize("sizes", [(3, 6, 7), (3, 6, 40), (2, 5, 11)])
def test_independent_columns_of_a_grid_have_exactly_no_information(sizes):
    """Else a code that shows nothing has a theta, and with it a modularity."""
    grid = np.indices(sizes).reshape(len(sizes), -1).T
    mutual = information.mutual_information(grid, grid)
    assert (mutual[~np.eye(len(sizes), dtype=bool)] == 0).all()
    np.testing.assert_allclose(np.diag(mutual), np.log(sizes))


def test_little_information_is_not_rounded_away():
    labels = np.arange(10_000) % 2
    other = np.arange(10_000) // 2 % 2
    other[0] = 1  # 5,001 of 10,000
    columns = np.stack([labels, other], axis=1)
    mutual = information.mutual_information(columns, columns)[0, 1]
    expected = mutual_info_score(labels, other)
    assert 1e-9 < expected < 1e-7
    assert mutual == pytest.approx(expected, rel=1e-4)


def test_huge_values_need_no_memory_and_change_nothing(labels):
    codes, factors = labels
    expected = information.mutual_information(codes, factors)
    huge = [300_000_000 * columns for columns in labels]
    tracemalloc.start()
    mutual = information.mutual_information(*huge)
    entropies = information.entropies(huge[0])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20
    np.testing.assert_array_equal(mutual, expected)
    np.testing.assert_array_equal(entropies, information.entropies(codes))
