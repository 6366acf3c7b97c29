import hashlib

import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.evaluation.features.extractor import check_file, extract_with


def pixels_at(size):
    """An extractor whose features are the pixels that its network gets."""
    extract = extract_with(lambda x: tf.reshape(x, [len(x), -1]), size)
    return lambda images: extract(images).reshape(-1, size, size, 3)


def test_images_of_the_right_size_pass_unchanged_in_batches():
    images = np.random.default_rng(0).random((70, 8, 8, 3), np.float32)
    np.testing.assert_array_equal(pixels_at(8)(images), images)


def test_grey_is_repeated():
    grey = np.random.default_rng(0).random((5, 8, 8, 1), np.float32)
    np.testing.assert_array_equal(pixels_at(8)(grey), grey.repeat(3, axis=3))


def test_small_images_grow_by_bilinear_interpolation():
    edge = np.zeros((1, 2, 2, 1), np.float32)
    edge[:, :, 1] = 1
    row = pixels_at(4)(edge)[0, 0, :, 0]
    np.testing.assert_allclose(row, [0, 0.25, 0.75, 1], atol=1e-6)


def test_large_images_are_averaged():
    stripes = np.zeros((1, 56, 56, 1), np.float32)
    stripes[:, :, ::2] = 1  # and so is every seventh column of them
    inner = pixels_at(8)(stripes)[0, :, 1:-1]
    np.testing.assert_allclose(inner, 0.5, atol=0.02)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 8, 8)), r"shape \(2, 8, 8\)"),
        (np.zeros((2, 8, 8, 2)), "1 or 3 channels"),
        (np.zeros((0, 8, 8, 3)), r"shape \(0, 8, 8, 3\)"),
        (np.full((2, 8, 8, 3), 255), "from 255 to 255"),
        (np.full((2, 8, 8, 3), -0.1), r"numbers in \[0, 1\]"),
        (np.full((2, 8, 8, 3), np.nan), r"numbers in \[0, 1\]"),
    ],
)
def test_bad_images_are_refused(images, message):
    with pytest.raises(UsageError, match=message):
        pixels_at(8)(images)


def test_files_are_told_by_their_hash(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"right")
    expected = hashlib.md5(b"right").hexdigest()
    check_file(path, "md5", expected, "get it")
    path.write_bytes(b"wrong")
    found = hashlib.md5(b"wrong").hexdigest()
    with pytest.raises(UsageError, match=f"{found}, not {expected}; get it"):
        check_file(path, "md5", expected, "get it")
    with pytest.raises(UsageError, match="cannot be read .No such file"):
        check_file(tmp_path / "missing", "md5", expected, "get it")
    with pytest.raises(UsageError, match="cannot be read .Is a directory"):
        check_file(tmp_path, "md5", expected, "get it")
