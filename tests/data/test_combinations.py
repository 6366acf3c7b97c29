import numpy as np
import pytest

from tfdisent.data.combinations import Combinations


def test_the_first_of_several_is_found():
    numbers = np.array([7, 3, 7, 0, 3])
    found = Combinations(numbers).first(np.array([3, 7, 0, 3]), "a table")
    np.testing.assert_array_equal(found, [1, 0, 3, 1])


def test_a_random_table_agrees_with_a_search_one_by_one():
    numbers = np.random.default_rng(0).integers(50, size=300)
    wanted = np.random.default_rng(1).permutation(np.unique(numbers))
    found = Combinations(numbers).first(wanted, "a table")
    expected = [numbers.tolist().index(number) for number in wanted]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("missing", [-1, 4, 8])
def test_what_is_missing_is_counted(missing):
    combinations = Combinations(np.array([7, 3]))
    with pytest.raises(ValueError, match="1 of 2 .* not in a table"):
        combinations.first(np.array([missing, 7]), "a table")
