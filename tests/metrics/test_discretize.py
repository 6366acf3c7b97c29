import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.metrics.discretize import discretize, draw_labels
from tfdisent.metrics.samplers import TableSampler


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


def test_equal_mass_puts_as_many_codes_in_each_bin():
    codes = np.random.default_rng(0).normal(size=(1_000, 2)) ** 3
    labels = discretize(codes, 20, "mass")
    for d in range(2):
        assert np.bincount(labels[:, d]).tolist() == [50] * 20
        by_code = labels[np.argsort(codes[:, d]), d]
        assert (np.diff(by_code) >= 0).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_equal_mass_keeps_equal_codes_together_and_rare_ones_apart(sign):
    codes = sign * np.repeat([0.0, 1.0], [990, 10])[:, None]
    labels = discretize(codes, 20, "mass")[:, 0]
    assert len(set(labels[:990])) == len(set(labels[990:])) == 1
    assert labels[0] != labels[-1]


@pytest.mark.parametrize("equal", ["width", "mass"])
def test_every_bin_is_within_the_number_of_bins(equal):
    codes = np.random.default_rng(0).normal(size=(5_000, 1))
    labels = discretize(codes, 7, equal)
    assert labels.dtype == np.int64
    assert set(labels[:, 0]) == set(range(7))


def test_equal_must_be_width_or_mass():
    with pytest.raises(UsageError, match="give width or mass"):
        discretize(np.zeros((5, 1)), 3, "area")


def test_draw_labels_refuses_less_points_than_bins():
    rng = np.random.default_rng(0)
    table = TableSampler(np.arange(18.0).reshape(9, 2))
    for num_points in (9, 10_000):
        with pytest.raises(
            UsageError, match="some has 9 points for num_bins = 10"
        ):
            draw_labels("some", table, rng, num_points, 10)
    with pytest.warns(UserWarning, match="9 rows"):
        labels, factors = draw_labels("some", table, rng, 10_000, 9)
    assert sorted(labels[:, 0]) == list(range(9))
    assert factors.shape == (9, 0)
