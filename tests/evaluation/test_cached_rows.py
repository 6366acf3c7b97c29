import numpy as np
import pytest

from tfdisent.evaluation import cached_rows
from tfdisent.evaluation.cached_rows import BATCH_SIZE, CachedRows


class Rows:
    """Two arrays of known rows; notes what it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, points):
        self.asked.append(points)
        return points[:, None] * [1.0, -1.0], points.astype(np.float32)[:, None]

    @property
    def batches(self):
        return len(self.asked)


def check(rows, points):
    wide, narrow = rows(points)
    np.testing.assert_array_equal(wide, points[:, None] * [1.0, -1.0])
    np.testing.assert_array_equal(narrow, points[:, None])


def test_rows_come_in_the_order_of_the_points():
    rows = CachedRows(Rows(), 2_000)
    check(rows, np.random.default_rng(0).integers(2_000, size=1_500))
    check(rows, np.array([5, 3, 5, 1_999, 0]))
    check(rows, np.zeros(0, np.int64))


def test_each_row_is_computed_once_in_batches_of_one_size():
    function = Rows()
    rows = CachedRows(function, 2_000)
    rows(np.zeros(1, np.int64))
    function.asked.clear()
    rows(np.repeat(np.arange(300), 5))
    assert [len(points) for points in function.asked] == [BATCH_SIZE] * 2
    rows(np.arange(299, -1, -1))
    assert function.batches == 2
    rows(np.arange(301))
    assert function.batches == 3
    assert set(function.asked[2]) == {300}


def test_arrays_that_are_too_large_are_not_kept(monkeypatch):
    # A row takes 2 * 8 + 4 bytes.
    for limit, batches in ((20 * 2_000, 2), (20 * 2_000 - 1, 3)):
        monkeypatch.setattr(cached_rows, "MAX_CACHE_BYTES", limit)
        function = Rows()
        rows = CachedRows(function, 2_000)
        check(rows, np.arange(10))
        check(rows, np.arange(10))
        assert function.batches == batches


def test_what_is_kept_cannot_be_changed_from_outside():
    rows = CachedRows(Rows(), 20)
    rows(np.arange(20))[0][:] = 7
    check(rows, np.arange(20))


@pytest.mark.parametrize("limit", [0, 10**9])
def test_a_failure_leaves_no_wrong_rows(monkeypatch, limit):
    monkeypatch.setattr(cached_rows, "MAX_CACHE_BYTES", limit)
    function = Rows()
    rows = CachedRows(function, 2_000)
    check(rows, np.arange(2))
    function.asked = None
    with pytest.raises(AttributeError):
        rows(np.arange(10))
    function.asked = []
    check(rows, np.arange(10))
