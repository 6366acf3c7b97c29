"""What every entry of DATASETS must do."""

import hashlib
import tempfile

import numpy as np
import pytest

from tfdisent.data import DATASETS
from tfdisent.data.load import load_dataset

# sha256 of every 9,973rd image, the same on every machine.
HASHES = {
    "dsprites": (
        "5b4cdff8ed78e5f0ea87a9eaad3118978ed733a3b28b42e2040f8eb4a2f33f09"
    )
}


@pytest.fixture(scope="module", params=DATASETS)
def dataset(request):
    with tempfile.TemporaryDirectory() as data_dir:
        yield load_dataset(request.param, data_dir=data_dir)


@pytest.fixture
def indices(dataset):
    return np.random.default_rng(0).integers(len(dataset), size=200)


def test_it_says_what_it_is(dataset):
    assert DATASETS[dataset.name]
    assert dataset.provenance and dataset.storage
    assert len(dataset.factor_names) == len(dataset.factor_sizes)
    assert len(set(dataset.factor_names)) == len(dataset.factor_names)
    assert dataset.is_product and dataset.product is dataset
    assert len(dataset) == np.prod(dataset.factor_sizes)


def test_images_have_the_hash_of_every_machine(dataset):
    images = dataset.images(np.arange(0, len(dataset), 9973))
    assert hashlib.sha256(images).hexdigest() == HASHES[dataset.name]


def test_images_are_uint8_of_the_shape(dataset, indices):
    images = dataset.images(indices)
    assert images.dtype == np.uint8
    assert images.shape == (200, *dataset.image_shape)
    assert images.min() == 0 and images.max() > 200
    assert dataset.images(indices[:0]).shape == (0, *dataset.image_shape)


def test_the_same_index_gives_the_same_image(dataset, indices):
    images = dataset.images(indices)
    images_before = images.copy()
    backwards = dataset.images(indices[::-1])[::-1]
    np.testing.assert_array_equal(images, backwards)
    images[:] = 7  # What is handed out is the caller's own.
    np.testing.assert_array_equal(dataset.images(indices), images_before)


def test_factors_and_indices_round_trip(dataset, indices):
    factors = dataset.factors_of(indices)
    assert factors.dtype == np.int64
    assert factors.shape == (200, len(dataset.factor_names))
    np.testing.assert_array_equal(dataset.indices_of(factors), indices)


def test_one_step_of_an_index_digit_changes_that_factor_only(dataset, indices):
    factors = dataset.factors_of(indices)
    stride = len(dataset)
    for k, size in enumerate(dataset.factor_sizes):
        stride //= size
        step = np.where(factors[:, k] < size - 1, stride, -stride)
        change = dataset.factors_of(indices + step) - factors
        np.testing.assert_array_equal(change[:, k], np.sign(step))
        assert not np.delete(change, k, axis=1).any()


def test_every_factor_is_seen_in_the_images(dataset, indices):
    factors = dataset.factors_of(indices)
    for k, size in enumerate(dataset.factor_sizes):
        others = factors.copy()
        others[:, k] = (others[:, k] + size // 2) % size
        before = dataset.images(indices)
        after = dataset.images(dataset.indices_of(others))
        changed = (before != after).any(axis=(1, 2, 3))
        # Turned shapes may look the same by their symmetry.
        assert changed.mean() > 0.5


def test_sampled_factors_are_members(dataset):
    factors = dataset.sample_factors(500, np.random.default_rng(1))
    assert factors.shape == (500, len(dataset.factor_sizes))
    np.testing.assert_array_equal(
        dataset.factors_of(dataset.indices_of(factors)), factors
    )
    np.testing.assert_array_equal(
        factors, dataset.sample_factors(500, np.random.default_rng(1))
    )
