import itertools

import numpy as np
import pytest

from tfdisent.data.continuity import hamming_continuities, hamming_continuity
from tfdisent.data.factor_views import every_nth, only
from tfdisent.data.members import random_subset
from tfdisent.data.pixel_noise import flip_pixels
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import UsageError


def continuity(dataset, factor, num_pairs=50):
    rng = np.random.default_rng(0)
    return hamming_continuity(dataset, factor, num_pairs=num_pairs, rng=rng)


def slow_distance(x, y):
    differ = occupied = 0
    for row_x, row_y in zip(x.tolist(), y.tolist(), strict=True):
        for pixel_x, pixel_y in zip(row_x, row_y, strict=True):
            differ += pixel_x != pixel_y
            occupied += (any(pixel_x) + any(pixel_y)) / 2
    return differ / occupied if differ else 0.0


def product(images):
    """A product of one factor, whose values have these images."""
    return RowsDataset(
        images,
        np.arange(len(images))[:, None],
        name="x",
        provenance="drawn",
        factor_names=["f"],
    )


def random_images(num_images):
    """Images in which half of the pixels and some channels are black."""
    rng = np.random.default_rng(3)
    images = rng.integers(1, 3, size=(num_images, 5, 4, 3), dtype=np.uint8)
    images[rng.random(images.shape) < 0.3] = 0
    images[rng.random(images.shape[:3]) < 0.4] = 0
    return images


@pytest.mark.parametrize("scale, side", [(0, 3), (1, 4), (2, 5)])
@pytest.mark.parametrize("step", [1, 2])
def test_a_square_that_moves(squares, scale, side, step):
    # One step is 2 pixels; at `side` pixels the squares do not touch.
    squares = every_nth(only(squares, "scale", [scale]), "x_position", step)
    expected = 2 * min(2 * step, side) / side
    assert continuity(squares, "x_position") == pytest.approx(expected)


def test_a_square_that_grows(squares):
    two = only(squares, "scale", [1, 2])
    assert continuity(two, "scale") == pytest.approx((25 - 16) / 20.5)


def test_one_pair_as_a_slow_loop_says():
    x, y = images = random_images(2)
    assert 0.2 < slow_distance(x, y) < 2
    for num_pairs in (1, 1024, 2500):
        assert continuity(product(images), "f", num_pairs) == pytest.approx(
            slow_distance(x, y)
        )


def test_the_mean_over_pairs_as_a_slow_loop_says():
    images = random_images(5)
    images[1] = images[0]
    distances = [slow_distance(*images[i : i + 2]) for i in range(4)]
    assert distances[0] == 0
    mean, deviation = np.mean(distances), np.std(distances) / np.sqrt(4000)
    assert continuity(product(images), "f", 4000) == pytest.approx(
        mean, abs=4 * deviation
    )


def test_black_images_and_unseen_factors():
    assert continuity(product(np.zeros((2, 3, 3, 1), np.uint8)), "f") == 0
    assert continuity(product(np.ones((2, 3, 3, 1), np.uint8)), "f") == 0


def test_a_finer_grid_is_nearer(dsprites):
    values = [
        continuity(every_nth(dsprites, "x_position", step), "x_position", 300)
        for step in (1, 2, 4, 8)
    ]
    assert all(1.6 * a < b < 2.2 * a for a, b in itertools.pairwise(values))
    assert values[-1] < 2


def test_all_factors_of_two_values_or_more(squares):
    view = only(squares, "scale", [0])
    found = hamming_continuities(
        view, num_pairs=20, rng=np.random.default_rng(0)
    )
    assert found == pytest.approx({"x_position": 4 / 3, "y_position": 4 / 3})


def test_noise_takes_the_images_apart(squares):
    noisy = flip_pixels(squares, 0.1, 0)
    assert continuity(noisy, "scale") > 1.2 * continuity(squares, "scale")


def test_what_is_no_product_is_refused(squares):
    part = random_subset(squares, 70, 0)
    with pytest.raises(UsageError, match="of a product of factors"):
        continuity(part, "scale")
    with pytest.raises(UsageError, match="2 values or more"):
        continuity(only(squares, "scale", [0]), "scale")
    with pytest.raises(UsageError, match="1 pair or more"):
        continuity(squares, "scale", 0)
    with pytest.raises(UsageError, match="'hue'; it has scale"):
        continuity(squares, "hue")
