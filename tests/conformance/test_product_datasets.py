"""What every product among DATASETS must do beside the rest."""

import numpy as np
import pytest
from stored_files import CASES, TABLES, load_arguments


@pytest.fixture(scope="module", params=[c for c in CASES if c not in TABLES])
def arguments(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    with load_arguments(request.param, folder) as given:
        yield given


@pytest.fixture
def indices(dataset):
    return np.random.default_rng(0).integers(len(dataset), size=200)


def test_one_step_of_an_index_digit_changes_that_factor_only(dataset, indices):
    factors = dataset.factors_of(indices)
    stride = len(dataset)
    for k, size in enumerate(dataset.factor_sizes):
        stride //= size
        if size == 1:
            continue
        step = np.where(factors[:, k] < size - 1, stride, -stride)
        change = dataset.factors_of(indices + step) - factors
        np.testing.assert_array_equal(change[:, k], np.sign(step))
        assert not np.delete(change, k, axis=1).any()
    np.testing.assert_array_equal(
        dataset.factors_of([0, len(dataset) - 1]),
        [[0] * len(dataset.factor_sizes), np.array(dataset.factor_sizes) - 1],
    )


def test_every_factor_is_seen_in_the_images(dataset, indices):
    factors = dataset.factors_of(indices)
    for k, size in enumerate(dataset.factor_sizes):
        others = factors.copy()
        others[:, k] = (others[:, k] + size // 2) % size
        before = dataset.images(indices)
        after = dataset.images(dataset.indices_of(others))
        changed = (before != after).any(axis=(1, 2, 3))
        # Turned shapes may look the same by their symmetry.
        assert changed.mean() > 0.5 or size == 1
