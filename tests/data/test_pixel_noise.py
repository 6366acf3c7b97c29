import hashlib

import numpy as np
import pytest

from tfdisent.data.factor_views import only
from tfdisent.data.members import part_of
from tfdisent.data.pixel_noise import flip_pixels
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import UsageError

# sha256 of the squares with a tenth of their pixels inverted.
HASH = "eee376774e29eba9dcdfc01fa683e3d479e482bccb8f050590b68e1b725ba915"


@pytest.fixture(scope="module")
def colours():
    """200 images in random colours, without factors."""
    rng = np.random.default_rng(0)
    rows = rng.integers(256, size=(200, 20, 30, 3), dtype=np.uint8)
    return RowsDataset(rows, np.zeros((200, 0)), name="x", provenance="y")


def flips(dataset, probability, seed=0):
    """Which pixels are inverted, [n, H, W]; all others must be as before."""
    everything = np.arange(len(dataset))
    clean = dataset.images(everything)
    noisy = flip_pixels(dataset, probability, seed).images(everything)
    assert noisy.dtype == np.uint8 and noisy.shape == clean.shape
    # No byte is its own inverse.
    inverted = (noisy == 255 - clean).all(axis=-1)
    assert ((noisy == clean).all(axis=-1) == ~inverted).all()
    return inverted


@pytest.mark.parametrize("probability", [0.003, 0.1, 0.5, 0.9])
def test_pixels_are_inverted_with_the_probability(colours, probability):
    inverted = flips(colours, probability)
    sigma = np.sqrt(probability * (1 - probability))
    for axes in (None, 0, (1, 2)):
        share = inverted.mean(axis=axes)
        deviation = sigma / np.sqrt(inverted.size / share.size)
        assert abs(share - probability).max() < 5 * deviation


def test_pixels_are_inverted_independently(colours):
    inverted = flips(colours, 0.5) * 2.0 - 1
    beside = (inverted[:, :, 1:] * inverted[:, :, :-1]).mean()
    below = (inverted[:, 1:] * inverted[:, :-1]).mean()
    next_image = (inverted[1:] * inverted[:-1]).mean()
    # Standard deviation 0.003.
    assert max(map(abs, (beside, below, next_image))) < 0.015


def test_all_or_none(colours):
    assert not flips(colours, 0).any()
    assert flips(colours, 1).all()


def test_the_noise_belongs_to_the_image(colours):
    noisy = flip_pixels(colours, 0.1, 3)
    indices = np.array([5, 9, 5, 150])
    images = noisy.images(indices)
    np.testing.assert_array_equal(images[0], images[2])
    np.testing.assert_array_equal(images, noisy.images(np.arange(200))[indices])
    part = flip_pixels(part_of(colours, indices, "x"), 0.1, 3)
    np.testing.assert_array_equal(
        part.images(np.arange(4)), images[[0, 2, 1, 3]]
    )
    np.testing.assert_array_equal(
        part.whole.images(np.arange(200)), noisy.images(np.arange(200))
    )
    assert part.provenance == "subset(flip=0.1@3) of subset(x) of y"
    other = flip_pixels(colours, 0.1, 4).images(indices)
    assert (images != other).any(axis=-1).mean() == pytest.approx(
        0.18, abs=0.05
    )


def test_more_noise_inverts_more_of_the_same_pixels(colours):
    assert not (flips(colours, 0.05) & ~flips(colours, 0.1)).any()


def test_two_views_take_each_other_back(colours):
    twice = flip_pixels(flip_pixels(colours, 0.3, 1), 0.3, 1)
    everything = np.arange(len(colours))
    np.testing.assert_array_equal(
        twice.images(everything), colours.images(everything)
    )
    assert twice.provenance == "subset(flip=0.3@1) of subset(flip=0.3@1) of y"


def test_all_else_is_as_before(squares):
    noisy = flip_pixels(squares, 0.1, 0)
    assert noisy.is_product and noisy.whole is noisy and len(noisy) == 75
    for said in ("name", "factor_names", "factor_sizes", "image_shape"):
        assert getattr(noisy, said) == getattr(squares, said)
    indices = np.array([0, 30, 74])
    factors = squares.factors_of(indices)
    np.testing.assert_array_equal(noisy.factors_of(indices), factors)
    np.testing.assert_array_equal(noisy.indices_of(factors), indices)
    drawn = (
        d.sample_factors(9, np.random.default_rng(0)) for d in (noisy, squares)
    )
    np.testing.assert_array_equal(*drawn)
    assert noisy.images([]).shape == (0, 16, 16, 1)


def test_a_view_of_the_noise_keeps_the_noise(squares):
    noisy = flip_pixels(squares, 0.1, 0)
    view = only(noisy, "scale", [1])
    np.testing.assert_array_equal(
        view.images(np.arange(25)), noisy.images(np.arange(25, 50))
    )


def test_the_noise_has_the_hash_of_every_machine(squares):
    images = flip_pixels(squares, 0.1, 7).images(np.arange(75))
    assert hashlib.sha256(images).hexdigest() == HASH


@pytest.mark.parametrize(
    "probability, seed", [(-0.1, 0), (1.1, 0), (float("nan"), 0), (0.1, -1)]
)
def test_wrong_noise_is_refused(squares, probability, seed):
    with pytest.raises(UsageError, match="from 0 to 1 and the seed"):
        flip_pixels(squares, probability, seed)
