import hashlib

import numpy as np
import pytest

from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.data.statistics import statistics


@pytest.fixture
def table():
    """5,000 images, more than are read at once."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (5000, 2, 3, 3), np.uint8)
    factors = rng.integers((2, 7), size=(5000, 2))
    return (
        rows,
        factors,
        RowsDataset(
            rows, factors, name="t", provenance="p", factor_names=("a", "b")
        ),
    )


def test_all_images_are_counted_once(table):
    rows, factors, dataset = table
    found = statistics(dataset)
    np.testing.assert_allclose(found.mean_image, rows.mean(axis=0) / 255)
    np.testing.assert_allclose(found.mean, rows.mean(axis=(0, 1, 2)) / 255)
    assert found.sha256 == hashlib.sha256(rows).hexdigest()
    assert list(found.counts) == ["a", "b"]
    assert found.counts["b"] == [(factors[:, 1] == v).sum() for v in range(7)]


def test_large_images_are_read_a_few_at_a_time(monkeypatch):
    rows = np.zeros((100, 512, 512, 3), np.uint8)
    dataset = RowsDataset(rows, np.zeros((100, 0)), name="t", provenance="p")
    reads, images = [], dataset.images

    def note(indices):
        reads.append(len(indices))
        return images(indices)

    monkeypatch.setattr(dataset, "images", note)
    statistics(dataset)
    assert sum(reads) == 100
    assert max(reads) * 512 * 512 * 3 <= 2**26


def test_values_that_do_not_occur_are_counted(table):
    rows, _, _ = table
    dataset = RowsDataset(
        rows[:3],
        np.array([[1], [1], [3]]),
        name="t",
        provenance="p",
        factor_names=("a",),
        factor_sizes=(5,),
    )
    assert statistics(dataset).counts == {"a": [0, 2, 0, 1, 0]}


def test_without_factors_there_are_no_counts(table):
    rows, _, _ = table
    dataset = RowsDataset(rows, np.zeros((5000, 0)), name="t", provenance="p")
    assert statistics(dataset).counts == {}
