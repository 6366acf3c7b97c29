"""What methods take: seeds of 64 bits, pixels in [0, 1]."""

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.serving.client.inputs import pixels, seeds

LAST = 2**63 - 1


@pytest.mark.parametrize(
    "seed, rows, expected",
    [
        (7, 3, [7, 8, 9]),
        (np.uint64(7), 3, [7, 8, 9]),
        (np.int8(127), 2, [127, 128]),
        (-(2**63), 1, [-(2**63)]),
        (LAST - 1, 2, [LAST - 1, LAST]),
        (LAST, 0, []),
        ([3, np.uint64(4)], 9, [3, 4]),
        (np.array([LAST, 0], np.uint64), 9, [LAST, 0]),
        ([], 9, []),
        ([[1, 2]], 9, [[1, 2]]),
    ],
)
def test_seeds_are_whole_numbers(seed, rows, expected):
    array = seeds(seed, rows)
    assert array.dtype == np.int64
    assert array.tolist() == expected


@pytest.mark.parametrize(
    "seed", [LAST, 1.5, 1.0, "1", None, [2**63, -1], [1.0], [[1, 2], [3]]]
)
def test_other_numbers_are_refused(seed):
    with pytest.raises(UsageError, match=r"^seed .* whole numbers") as caught:
        seeds(seed, 2)
    assert str(seed)[:12] in str(caught.value)


@pytest.mark.parametrize(
    "images",
    [
        [0, 0.5, 1],
        np.array([0, 1]),
        [-0.0009, 1.0009],
        [np.nan, np.inf, -np.inf, 0],
        [],
        [True],
    ],
)
def test_pixels_stay_as_they_are(images):
    np.testing.assert_array_equal(pixels(images), images)


@pytest.mark.parametrize(
    "images, text",
    [
        (np.array([0, 255]), "from 0 to 255 as int64"),
        ([-0.1, np.nan], "from -0.1 to 0 as float64"),
        (np.float32([0.5, 2, np.inf]), "from 0 to 2 as float32"),
        ([[0, 1], [0]], "rows differ in shape"),
    ],
)
def test_other_pixels_are_refused(images, text):
    with pytest.raises(UsageError, match=text):
        pixels(images)
