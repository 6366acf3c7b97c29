import numpy as np
import pytest

from tfdisent.data.factor_views import at_most, every_nth, only
from tfdisent.data.members import part_of, random_subset
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import UsageError


def numbers(dataset):
    """The number that each image of the toy data set spells out."""
    images = dataset.images(np.arange(len(dataset)))
    return images.reshape(-1, 3).astype(int) @ [256**2, 256, 1]


@pytest.mark.parametrize("threshold, first_label", [(2, 1), (1, 0)])
def test_at_most_keeps_the_first_labels(make_toy, threshold, first_label):
    toy = make_toy((2, 3, 4))
    view = at_most(toy, "b", threshold, first_label=first_label)
    assert view.factor_sizes == (2, 2, 4)
    assert view.is_product and view.whole is view
    kept = [i for i in range(24) if toy.factors_of([i])[0, 1] < 2]
    np.testing.assert_array_equal(numbers(view), kept)
    np.testing.assert_array_equal(
        view.factors_of(np.arange(16)), toy.factors_of(kept)
    )


@pytest.mark.parametrize("threshold, first_label", [(3, 1), (2, 0)])
def test_at_most_the_last_label_keeps_all(make_toy, threshold, first_label):
    view = at_most(make_toy(), "b", threshold, first_label=first_label)
    np.testing.assert_array_equal(numbers(view), np.arange(24))


def test_at_most_says_so_in_provenance(make_toy):
    toy = make_toy()
    assert at_most(toy, "c", 2).provenance == "subset(c<=2) of made up"
    zero_based = at_most(toy, "c", 2, first_label=0)
    assert zero_based.provenance == "subset(c<=2@0) of made up"


@pytest.mark.parametrize(
    "threshold, first_label", [(0, 1), (5, 1), (4, 0), (-1, 0), (1, 2)]
)
def test_a_label_that_is_none_is_refused(make_toy, threshold, first_label):
    with pytest.raises(UsageError):
        at_most(make_toy(), "c", threshold, first_label=first_label)


@pytest.mark.parametrize("view, what", [(at_most, 1), (only, [0])])
def test_an_unknown_factor_is_refused_with_the_known(make_toy, view, what):
    with pytest.raises(UsageError, match="'d'; it has a, b, c"):
        view(make_toy(), "d", what)


def test_views_of_products_compose(make_toy):
    view = at_most(at_most(make_toy(), "c", 2), "b", 1)
    assert view.factor_sizes == (2, 1, 2)
    np.testing.assert_array_equal(numbers(view), [0, 1, 12, 13])
    assert view.provenance == "subset(b<=1) of subset(c<=2) of made up"


def test_random_of_a_product_view_stays_in_the_view(make_toy):
    half = at_most(make_toy(), "c", 2)
    view = random_subset(half, 5, 0)
    assert view.whole is half
    assert set(numbers(view)) <= set(numbers(half))


def test_at_most_of_a_random_subset_keeps_its_members(make_toy):
    sample = random_subset(make_toy(), 12, 0)
    view = at_most(sample, "c", 2)
    expected = [i for i in numbers(sample) if i % 4 < 2]
    np.testing.assert_array_equal(numbers(view), expected)
    assert len(view) == len(expected)
    assert not view.is_product
    assert view.whole.factor_sizes == (2, 3, 2) == view.factor_sizes
    np.testing.assert_array_equal(
        view.indices_of(view.factors_of(np.arange(len(view)))),
        np.arange(len(view)),
    )


def test_chosen_values_are_numbered_in_their_order(make_toy):
    view = only(make_toy(), "c", [3, 1])
    assert view.factor_sizes == (2, 3, 2) and view.is_product
    expected = [4 * i + c for i in range(6) for c in (3, 1)]
    np.testing.assert_array_equal(numbers(view), expected)
    np.testing.assert_array_equal(view.factors_of([0, 1])[:, 2], [0, 1])


def test_one_value_leaves_a_factor_of_size_one(make_toy):
    view = only(make_toy(), "b", [2])
    assert view.factor_sizes == (2, 1, 4)
    np.testing.assert_array_equal(numbers(view) // 4 % 3, [2] * 8)


def test_every_nth_value_is_a_coarser_grid(make_toy):
    toy = make_toy((2, 3, 7))
    for step, kept in ((1, range(7)), (2, [0, 2, 4, 6]), (3, [0, 3, 6])):
        view = every_nth(toy, "c", step)
        assert view.factor_sizes == (2, 3, len(kept))
        np.testing.assert_array_equal(numbers(view)[: len(kept)], kept)
    assert every_nth(toy, "c", 4).factor_sizes == (2, 3, 2)  # 0 and 4


def test_the_names_of_values_follow(dsprites):
    views = {
        at_most(dsprites, "x_position", 16): ("square", "ellipse", "heart"),
        at_most(dsprites, "shape", 2): ("square", "ellipse"),
        only(dsprites, "shape", [2, 0]): ("heart", "square"),
        every_nth(dsprites, "shape", 2): ("square", "heart"),
    }
    for view, names in views.items():
        assert view.value_names == {"shape": names}


def test_the_provenance_is_short(dsprites, make_toy):
    source = dsprites.provenance
    said = only(dsprites, "shape", [2, 0]).provenance
    assert said == f"subset(shape=heart,square) of {source}"
    said = only(dsprites, "orientation", range(3, 25)).provenance
    assert said == f"subset(orientation=3..24) of {source}"
    said = every_nth(make_toy(), "c", 2).provenance
    assert said == "subset(c/2) of made up"


@pytest.mark.parametrize("values", [[], [4], [-1], [0, 1, 0]])
def test_wrong_values_are_refused(make_toy, values):
    with pytest.raises(UsageError):
        only(make_toy(), "c", values)


@pytest.mark.parametrize("step", [-1, 0, 4, 9])
def test_a_step_that_leaves_no_two_values_is_refused(make_toy, step):
    with pytest.raises(UsageError, match="from 1 to 3"):
        every_nth(make_toy(), "c", step)


def make_table(factors):
    rows = np.zeros((len(factors), 3, 1, 1), np.uint8)
    rows[:, 2, 0, 0] = np.arange(len(factors))
    return RowsDataset(
        rows, factors, name="table", provenance="drawn", factor_names="ab"
    )


def test_of_a_table_the_rows_with_the_values_are_left():
    table = make_table([[0, 1], [1, 1], [2, 0], [1, 1], [0, 1], [2, 1]])
    view = only(table, "a", [2, 0])
    assert not view.is_product and view.whole is view
    np.testing.assert_array_equal(numbers(view), [0, 2, 4, 5])
    np.testing.assert_array_equal(
        view.factors_of(np.arange(4)), [[1, 1], [0, 0], [1, 1], [0, 1]]
    )
    np.testing.assert_array_equal(view.indices_of([[1, 1], [0, 1]]), [0, 3])
    assert view.factor_sizes == (2, 2)
    part = only(part_of(table, [1, 2, 4, 4], "x"), "a", [2, 0])
    np.testing.assert_array_equal(numbers(part), [2, 4, 4])
    np.testing.assert_array_equal(numbers(part.whole), [0, 2, 4, 5])


def test_what_is_left_of_a_table_may_be_a_product():
    table = make_table([[1, 1], [0, 1], [1, 0], [2, 1], [0, 0], [2, 1]])
    view = at_most(table, "a", 2)
    assert view.is_product
    np.testing.assert_array_equal(numbers(view), [4, 1, 2, 0])
    part = at_most(part_of(table, [0, 2, 3], "x"), "a", 2)
    assert part.whole.is_product and not part.is_product
    np.testing.assert_array_equal(numbers(part), [2, 0])
    np.testing.assert_array_equal(part.factors_of([0, 1]), [[1, 0], [1, 1]])


def test_a_view_without_images_is_refused(make_toy):
    part = part_of(make_toy(), [0, 1, 5], "x")
    with pytest.raises(UsageError, match=r"c=3 leaves no image of subset\(x\)"):
        only(part, "c", [3])
    table = make_table([[0, 0], [2, 0]])
    with pytest.raises(UsageError, match="a=1 leaves no image of drawn"):
        only(table, "a", [1])
