import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.metrics.kernel_distance import kernel_distance


def slow_mmd(first, second):
    def k(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3

    m = len(first)
    pairs = [(i, j) for i in range(m) for j in range(m)]
    within = sum(
        k(rows[i], rows[j])
        for rows in (first, second)
        for i, j in pairs
        if i != j
    )
    between = sum(k(first[i], second[j]) for i, j in pairs)
    return within / (m * (m - 1)) - 2 * between / m**2


def rng(seed=0):
    return np.random.default_rng(seed)


def test_is_the_definition():
    first, second = rng().normal(size=(2, 8, 3)) + [[[0]], [[0.5]]]
    value = kernel_distance(first, second, rng(), subsets=3, subset_size=8)
    # A subset of all rows is all rows, in another order.
    assert value.mean == pytest.approx(slow_mmd(first, second))
    assert value.std == pytest.approx(0, abs=1e-12)


def test_mean_over_subsets_is_that_of_all_rows():
    first = rng(1).normal(size=(60, 4))
    second = 1.5 * rng(2).normal(size=(60, 4)) + 1
    value = kernel_distance(first, second, rng(), subsets=800, subset_size=20)
    error = 4 * value.std / np.sqrt(800)
    assert value.mean == pytest.approx(slow_mmd(first, second), abs=error)
    assert value.std > 0


def test_is_unbiased_where_the_frechet_distance_is_not():
    values = [
        kernel_distance(*rng(i).normal(size=(2, 10, 5)), rng(), subsets=1,
                        subset_size=10).mean
        for i in range(400)
    ]  # fmt: skip
    assert np.mean(values) == pytest.approx(0, abs=4 * np.std(values) / 20)
    assert min(values) < 0


def test_grows_with_the_distance():
    first, second = rng().normal(size=(2, 200, 5))
    values = [
        kernel_distance(first, second + shift, rng(), subsets=20,
                        subset_size=100).mean
        for shift in (0, 0.3, 1, 3)
    ]  # fmt: skip
    assert values == sorted(values)


def test_is_a_function_of_the_generator():
    first, second = rng().normal(size=(2, 30, 5))
    options = {"subsets": 4, "subset_size": 10}
    value = kernel_distance(first, second, rng(7), **options)
    assert value == kernel_distance(first, second, rng(7), **options)
    assert value != kernel_distance(first, second, rng(8), **options)
    single = kernel_distance(first, second, rng(), subsets=1, subset_size=10)
    assert single.std == 0


@pytest.mark.parametrize(
    ("first", "second", "options", "message"),
    [
        (
            np.ones((9, 2)),
            np.ones((9, 2)),
            {},
            "subset_size is 1000 .* 9 and 9",
        ),
        (np.ones((9, 2)), np.ones((5, 2)), {"subset_size": 6}, "9 and 5 rows"),
        (np.ones((9, 2)), np.ones((9, 2)), {"subset_size": 1}, "of 2 or more"),
        (np.ones((9, 2)), np.ones((9, 2)), {"subsets": 0}, "of 1 or more"),
        (np.ones((9, 2)), np.ones((9, 3)), {"subset_size": 3}, r"\[m, F\]"),
        (
            np.full((9, 2), np.nan),
            np.ones((9, 2)),
            {"subset_size": 3},
            "finite",
        ),
    ],
)
def test_bad_arguments_are_refused(first, second, options, message):
    with pytest.raises(UsageError, match=message):
        kernel_distance(first, second, rng(), **options)
