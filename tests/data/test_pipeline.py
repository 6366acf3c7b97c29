import itertools

import numpy as np
import pytest

from tfdisent.data.pipeline import training_batches
from tfdisent.data.subsets import random_subset
from tfdisent.errors import UsageError


def indices_in(images):
    """Reads the indices that toy images of 0..255 spell out."""
    return images.reshape(-1, 3).astype(int) @ [256**2, 256, 1]


def stream(dataset, elements, **options):
    """Returns the indices of the images of the first elements [m, B / R]."""
    batches = training_batches(dataset, **options)
    return np.stack(
        [
            indices_in(np.rint(batch * 255))
            for batch in batches.take(elements).as_numpy_iterator()
        ]
    )


def test_batches_are_float32_in_0_1_of_static_shape(make_toy):
    toy = make_toy((2, 3, 4))
    batches = training_batches(toy, batch_size=8, seed=0)
    assert batches.element_spec.shape == (8, 3, 1, 1)
    batch = next(batches.as_numpy_iterator())
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch * 255, np.rint(batch * 255))
    assert batch.max() <= 1


def test_every_epoch_shows_every_image_once_across_batches(make_toy):
    # 24 images in batches of 7: most batches span two epochs.
    seen = stream(make_toy(), 24, batch_size=7, seed=1).ravel()
    epochs = seen.reshape(7, 24)
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(24))
    assert len(np.unique(epochs, axis=0)) == 7


@pytest.mark.parametrize("step", [1, 5, 40])
def test_the_stream_goes_on_from_any_step(make_toy, step):
    toy = make_toy()
    whole = stream(toy, 2 * 50, batch_size=6, seed=2, num_replicas=2)
    tail = stream(
        toy, 20, batch_size=6, seed=2, num_replicas=2, first_step=step
    )
    np.testing.assert_array_equal(tail, whole[2 * step : 2 * step + 20])


@pytest.mark.parametrize("replicas", [2, 3, 6])
def test_replicas_share_each_batch_in_order(make_toy, replicas):
    toy = make_toy()
    whole = stream(toy, 10, batch_size=6, seed=3)
    shared = stream(
        toy, 10 * replicas, batch_size=6, seed=3, num_replicas=replicas
    )
    np.testing.assert_array_equal(shared.reshape(10, 6), whole)


def test_the_order_is_a_function_of_the_seed(make_toy):
    first, again, *others = (
        stream(make_toy(), 5, batch_size=8, seed=seed)
        for seed in (0, 0, 1, 2**32, 2**40)
    )
    np.testing.assert_array_equal(first, again)
    for a, b in itertools.combinations([first, *others], 2):
        assert not np.array_equal(a, b)


def test_orders_are_not_correlated(make_toy):
    toy = make_toy((18, 40, 1024))
    n, batch_size = len(toy), 4096
    orders = [np.arange(5 * batch_size)] + [
        stream(
            toy, 5, batch_size=batch_size, seed=seed, first_step=first_step
        ).ravel()
        for seed, first_step in (
            (0, 0),
            (0, n // batch_size),
            (0, 2 * n // batch_size),
            (1, 0),
        )
    ]
    off_diagonal = np.corrcoef(orders) - np.eye(len(orders))
    # Standard deviation 1 / sqrt(5 * 4096) = 0.007.
    assert np.abs(off_diagonal).max() < 0.03
    following = np.corrcoef(orders[1][:-1], orders[1][1:])[0, 1]
    assert abs(following) < 0.03


def test_batches_are_as_varied_as_random_draws(make_toy):
    toy = make_toy((3, 240, 1024))
    indices = stream(toy, 400, batch_size=64, seed=0)
    first = toy.factors_of(indices)[..., 0]
    counts = np.stack([(first == v).sum(1) for v in range(3)], axis=1)
    chi_squared = np.sum((counts - 64 / 3) ** 2 / (64 / 3), axis=1)
    # Mean 2, standard deviation 2 / sqrt(400) = 0.1.
    assert 1.6 < chi_squared.mean() < 2.4


def test_a_view_feeds_its_members_only(make_toy):
    view = random_subset(make_toy(), 10, 0)
    members = indices_in(view.images(np.arange(10)))
    seen = stream(view, 5, batch_size=4, seed=0).ravel()
    for epoch in seen.reshape(2, 10):
        np.testing.assert_array_equal(np.sort(epoch), members)


@pytest.mark.parametrize("step", [0, 5])
def test_factors_belong_to_their_images(make_toy, step):
    view = random_subset(make_toy(), 20, 0)
    options = {"batch_size": 6, "seed": 4, "first_step": step}
    pairs = training_batches(view, with_factors=True, num_replicas=2, **options)
    assert pairs.element_spec[1].shape == (3, 3)
    alone = stream(view, 12, num_replicas=2, **options)
    elements = pairs.take(12).as_numpy_iterator()
    for (images, factors), expected in zip(elements, alone, strict=True):
        indices = indices_in(np.rint(images * 255))
        np.testing.assert_array_equal(indices, expected)
        assert factors.dtype == np.int64
        np.testing.assert_array_equal(factors, view.whole.factors_of(indices))


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 25},
        {"batch_size": 0},
        {"batch_size": 8, "num_replicas": 3},
        {"batch_size": 8, "num_replicas": 0},
        {"batch_size": 8, "seed": -1},
        {"batch_size": 8, "first_step": -1},
    ],
)
def test_wrong_arguments_are_refused(make_toy, options):
    with pytest.raises(UsageError):
        training_batches(make_toy(), **{"seed": 0, **options})


@pytest.mark.parametrize("scale", [1.0, 1 / 255])
def test_images_that_are_not_uint8_are_refused(squares, monkeypatch, scale):
    images = squares.images
    monkeypatch.setattr(squares, "images", lambda i: images(i) * scale)
    message = f"float64 from 0 to {255 * scale:g}; .* uint8 from 0 to 255"
    with pytest.raises(UsageError, match=message):
        training_batches(squares, batch_size=4, seed=0)
