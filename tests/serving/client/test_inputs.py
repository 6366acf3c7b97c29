"""Seeds are 64 bits, whatever they come as."""

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.serving.client.inputs import seeds

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
