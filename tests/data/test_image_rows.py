import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tfdisent.data.image_rows import ImageRows, rows_per_read
from tfdisent.errors import RunError

IMAGES = (
    np.random.default_rng(0).integers(0, 256, (50, 4, 5, 3)).astype(np.uint8)
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "rows"
    path.write_bytes(b"header" + IMAGES.tobytes())
    return path


def test_it_gives_what_numpy_gives(path):
    rows = ImageRows(path, IMAGES.shape, offset=6)
    assert len(rows) == 50 and rows.shape == (50, 4, 5, 3)
    rng = np.random.default_rng(0)
    for n in (0, 1, 7, 200):
        indices = rng.integers(50, size=n)
        images = rows[indices]
        assert images.dtype == np.uint8 and images.shape == (n, 4, 5, 3)
        np.testing.assert_array_equal(images, IMAGES[indices])
    np.testing.assert_array_equal(rows[[0, 49, 0]], IMAGES[[0, 49, 0]])


def test_images_are_new_and_writeable(path):
    rows = ImageRows(path, IMAGES.shape, offset=6)
    rows[[3]][:] = 0
    np.testing.assert_array_equal(rows[[3]], IMAGES[[3]])


@pytest.mark.parametrize("index", [-1, 50])
def test_an_index_outside_is_refused(path, index):
    rows = ImageRows(path, IMAGES.shape, offset=6)
    with pytest.raises(IndexError, match="0 to 49"):
        rows[[0, index]]


def test_its_hash_is_that_of_the_images(path):
    rows = ImageRows(path, IMAGES.shape, offset=6)
    assert rows.sha256() == hashlib.sha256(IMAGES).hexdigest()


def test_a_file_without_all_images_is_refused(path):
    ImageRows(path, IMAGES.shape, offset=6)
    with pytest.raises(RunError, match="cut short"):
        ImageRows(path, IMAGES.shape, offset=7)


def test_a_file_that_gets_shorter_is_noticed(path):
    rows = ImageRows(path, IMAGES.shape, offset=6)
    os.truncate(path, path.stat().st_size - 1)
    rows[[48]]
    with pytest.raises(RunError, match="cut short"):
        rows[[49]]


def test_threads_may_read_at_the_same_time(path):
    rows = ImageRows(path, IMAGES.shape, offset=6)
    orders = [np.random.default_rng(i).permutation(50) for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        for order, images in zip(
            orders, pool.map(rows.__getitem__, orders), strict=True
        ):
            np.testing.assert_array_equal(images, IMAGES[order])


def test_many_blocks_are_hashed_together(tmp_path):
    images = np.arange(5000, dtype=np.uint32).view(np.uint8)
    path = tmp_path / "rows"
    path.write_bytes(images.tobytes())
    rows = ImageRows(path, (5000, 2, 2, 1))
    assert rows.sha256() == hashlib.sha256(images).hexdigest()


def test_some_images_are_hashed_alone(path):
    rows = ImageRows(path, IMAGES.shape, offset=6)
    some = np.array([7, 3, 3])
    assert rows.sha256(some) == hashlib.sha256(IMAGES[some]).hexdigest()


def test_a_read_takes_64_megabytes_or_one_row():
    found = [rows_per_read(size, 256) for size in (0, 10, 2**20, 2**25, 2**30)]
    assert found == [256, 256, 64, 2, 1]
