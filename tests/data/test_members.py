import numpy as np
import pytest

from tfdisent.data.members import Members, members_of, part_of, random_subset
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import UsageError


def numbers(dataset):
    """The number that each image of the toy data set spells out."""
    images = dataset.images(np.arange(len(dataset)))
    return images.reshape(-1, 3).astype(int) @ [256**2, 256, 1]


@pytest.fixture
def table():
    """Images 0 to 5, of which 0 and 2, and 3 and 5, have the same factors."""
    rows = np.zeros((6, 3, 1, 1), np.uint8)
    rows[:, 2, 0, 0] = np.arange(6)
    factors = [[1, 0], [0, 1], [1, 0], [1, 1], [0, 0], [1, 1]]
    return RowsDataset(
        rows, factors, name="table", provenance="drawn", factor_names="ab"
    )


def test_members_are_in_the_order_of_the_whole(make_toy):
    toy = make_toy()
    part = Members(toy, [20, 3, 3, 7], toy, "some")
    np.testing.assert_array_equal(part.members, [3, 3, 7, 20])
    np.testing.assert_array_equal(numbers(part), [3, 3, 7, 20])
    np.testing.assert_array_equal(
        part.factors_of(np.arange(4)), toy.factors_of([3, 3, 7, 20])
    )
    assert len(part) == 4 and part.whole is toy and not part.is_product
    assert part.provenance == "subset(some) of made up"
    for said in ("name", "factor_names", "factor_sizes", "image_shape"):
        assert getattr(part, said) == getattr(toy, said)


def test_all_members_are_no_product_either(make_toy):
    part = part_of(make_toy(), np.arange(24), "all")
    assert not part.is_product and part.whole.is_product


def test_a_part_of_a_part_is_a_part_of_the_whole(make_toy):
    toy = make_toy()
    part = part_of(part_of(toy, [1, 5, 9, 20], "x"), [3, 1], "y")
    assert part.whole is toy
    np.testing.assert_array_equal(members_of(part), [5, 20])
    np.testing.assert_array_equal(members_of(toy), np.arange(24))
    assert part.provenance == "subset(y) of subset(x) of made up"


def test_the_index_of_factors_is_the_first_with_them(make_toy, table):
    part = Members(make_toy(), [3, 3, 7], make_toy(), "some")
    factors = part.factors_of(np.arange(3))
    np.testing.assert_array_equal(part.indices_of(factors), [0, 0, 2])
    # The first image of the table with factors (1, 0) is no member.
    part = part_of(table, [1, 2, 3, 5], "some")
    factors = part.factors_of(np.arange(4))
    np.testing.assert_array_equal(factors, [[0, 1], [1, 0], [1, 1], [1, 1]])
    np.testing.assert_array_equal(part.indices_of(factors), [0, 1, 2, 2])


def test_factors_of_no_member_are_refused(make_toy, table):
    for part, absent in (
        (part_of(make_toy(), [1, 5], "x"), [[0, 0, 0], [1, 2, 3]]),
        (part_of(table, [1, 2], "x"), [[0, 0], [1, 1]]),
    ):
        for factors in absent:
            with pytest.raises(ValueError, match=r"1 of 1 .* are not in"):
                part.indices_of([factors])
    with pytest.raises(ValueError):
        part.indices_of([[2, 0]])


def test_drawn_factors_are_as_frequent_as_their_members(table):
    part = part_of(table, [0, 2, 2, 4], "x")
    drawn = part.sample_factors(8000, np.random.default_rng(0))
    assert drawn.shape == (8000, 2)
    assert set(map(tuple, drawn.tolist())) == {(1, 0), (0, 0)}
    # Mean 6000, standard deviation 39.
    assert abs(drawn[:, 0].sum() - 6000) < 160


def test_images_without_factors_have_parts_too():
    rows = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    whole = RowsDataset(rows, np.zeros((10, 0)), name="x", provenance="y")
    part = random_subset(whole, 4, 0)
    assert set(part.images(np.arange(4)).ravel()) == set(part.members)
    assert part.factors_of([0, 1]).shape == (2, 0)
    np.testing.assert_array_equal(part.indices_of(np.zeros((3, 0))), [0] * 3)
    assert part.sample_factors(5, np.random.default_rng(0)).shape == (5, 0)


def test_random_subset_has_n_different_images_by_seed(make_toy):
    toy = make_toy()
    first, again, other = (random_subset(toy, 10, s) for s in (3, 3, 4))
    assert len(first) == len(set(numbers(first))) == 10
    np.testing.assert_array_equal(numbers(first), numbers(again))
    assert not np.array_equal(numbers(first), numbers(other))
    assert not first.is_product and first.whole is toy
    assert first.provenance == "subset(random=10@3) of made up"


def test_random_subset_is_that_of_published_runs(make_toy):
    np.testing.assert_array_equal(
        random_subset(make_toy(), 6, 3).members, [1, 3, 4, 5, 15, 19]
    )


def test_random_subset_takes_every_image_equally_often(make_toy):
    counts = np.zeros(24)
    for seed in range(1200):
        counts[numbers(random_subset(make_toy(), 6, seed))] += 1
    # Mean 300, standard deviation 15.
    assert np.all(np.abs(counts - 300) < 75)


def test_random_subset_knows_its_members_only(make_toy):
    view = random_subset(make_toy(), 10, 0)
    indices = np.arange(10)
    factors = view.factors_of(indices)
    np.testing.assert_array_equal(view.indices_of(factors), indices)
    drawn = view.sample_factors(2000, np.random.default_rng(0))
    assert set(view.indices_of(drawn)) == set(indices)
    absent = np.setdiff1d(np.arange(24), numbers(view))
    for index in absent:
        with pytest.raises(ValueError, match="are not in"):
            view.indices_of(make_toy().factors_of([index]))


@pytest.mark.parametrize("n, seed", [(0, 0), (25, 0), (5, -1)])
def test_a_wrong_random_subset_is_refused(make_toy, n, seed):
    with pytest.raises(UsageError):
        random_subset(make_toy(), n, seed)


def test_random_of_a_random_subset_stays_in_it(make_toy):
    sample = random_subset(make_toy(), 12, 0)
    view = random_subset(sample, 5, 1)
    assert len(set(numbers(view))) == 5
    assert set(numbers(view)) <= set(numbers(sample))
