import warnings

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures.activation_means import activation_means

NAMES = ("shape", "scale", "orientation", "x_position", "y_position")
SIZES = (3, 4, 5, 6, 7)


def draw(rng, sizes, count):
    return np.stack([rng.integers(0, size, count) for size in sizes], 1)


def test_equals_a_slow_loop(rng):
    factors, codes = draw(rng, SIZES, 400), rng.normal(size=(400, 2))
    means = activation_means(codes, factors, NAMES, SIZES)
    assert {kept: m.shape for kept, m in means.items()} == {
        ("x_position", "y_position"): (6, 7, 2),
        ("shape", "scale"): (3, 4, 2),
        ("shape", "orientation"): (3, 5, 2),
    }
    for kept, mean in means.items():
        first, second = (NAMES.index(name) for name in kept)
        for i in range(mean.shape[0]):
            for j in range(mean.shape[1]):
                here = (factors[:, first] == i) & (factors[:, second] == j)
                if here.any():
                    np.testing.assert_allclose(mean[i, j], codes[here].mean(0))
                else:
                    assert np.isnan(mean[i, j]).all()


def test_cells_without_images_are_nan_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        means = activation_means([[2.0]], [[1]], ["scale"], [3])
    np.testing.assert_array_equal(means[("scale",)][:, 0], [np.nan, 2, np.nan])


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("hue", "scale"), [("hue",), ("scale",)]),
        (("hue", "shape"), [("shape", "hue")]),
        (("shape",), [("shape",)]),
        (("x_position", "hue"), [("x_position",), ("hue",)]),
        (
            ("shape", "y_position", "x_position"),
            [("x_position", "y_position"), ("shape",)],
        ),
    ],
)
def test_every_factor_gets_a_place(rng, names, kept):
    sizes = [3] * len(names)
    factors = draw(rng, sizes, 50)
    means = activation_means(rng.random((50, 4)), factors, names, sizes)
    assert list(means) == kept


def test_refuses_arrays_that_do_not_fit():
    with pytest.raises(UsageError, match="do not fit together"):
        activation_means(np.zeros((3, 2)), np.zeros((3, 4)), NAMES, SIZES)
