import io
import logging

import numpy as np
import pytest
from PIL import Image

from tfdisent.data.pictures_blocks import pictures_blocks
from tfdisent.errors import RunError, UsageError


def picture(value, size=(4, 4)):
    file = io.BytesIO()
    Image.new("L", size, int(value)).save(file, "PNG")
    return file.getvalue()


def read(contents, **options):
    pairs = ((f"{i}.png", content) for i, content in enumerate(contents))
    blocks = list(pictures_blocks(pairs, mode="L", **options))
    images, rows = zip(*blocks, strict=True) if blocks else ([], [])
    return np.concatenate(images), np.concatenate(rows)


def test_pictures_come_in_their_order():
    values = np.arange(600) % 256
    images, rows = read(map(picture, values))
    assert images.shape == (600, 4, 4, 1) and images.dtype == np.uint8
    np.testing.assert_array_equal(images[:, 0, 0, 0], values)
    np.testing.assert_array_equal(rows, np.arange(600))


def test_sources_are_taken_as_they_are_needed():
    taken = []

    def contents():
        for i in range(2000):
            taken.append(i)
            yield f"{i}", picture(0)

    next(pictures_blocks(contents(), mode="L"))
    assert len(taken) < 500


def test_large_pictures_come_in_blocks_of_64_megabytes():
    contents = [("a", picture(0, (4096, 4096)))] * 9
    blocks = [len(rows) for _, rows in pictures_blocks(contents, mode="L")]
    assert blocks == [1, 4, 4]


def damaged(indices):
    return [b"x" if i in indices else picture(i % 256) for i in range(700)]


def test_all_that_cannot_be_read_is_told_of_at_once():
    with pytest.raises(RunError) as error:
        read(damaged((3, 300, 699)))
    text = str(error.value)
    assert text.startswith("3 of 700 pictures cannot be used (3.png cannot be")
    assert all(f"{i}.png" in text for i in (3, 300, 699))
    assert "--skip_unreadable" in text
    with pytest.raises(RunError, match=r"20 of 700 .*9\.png .* and 10 more\)"):
        read(damaged(range(20)))


def test_they_are_skipped_when_asked(caplog):
    images, rows = read(damaged((3, 300, 699)), skip_unreadable=True)
    np.testing.assert_array_equal(
        rows, np.delete(np.arange(700), (3, 300, 699))
    )
    np.testing.assert_array_equal(images[:, 0, 0, 0], rows % 256)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("3 of 700")
    assert "300.png" in record.getMessage()


def test_sizes_must_be_one_unless_a_size_is_given():
    contents = [picture(9)] * 300 + [picture(9, (6, 4))]
    with pytest.raises(
        UsageError, match=r"0\.png has 4x4 .*300\.png has 6x4.*--image_size"
    ):
        read(contents)
    images, _ = read(contents, size=(4, 4))
    assert images.shape == (301, 4, 4, 1)
