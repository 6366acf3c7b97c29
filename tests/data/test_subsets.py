import numpy as np
import pytest

from tfdisent.data.subsets import at_most, parse_subset, random_subset
from tfdisent.errors import UsageError


def members(view):
    """Returns the indices in the toy data set of all images of a view."""
    images = view.images(np.arange(len(view)))
    return images.reshape(-1, 3).astype(int) @ [256**2, 256, 1]


@pytest.mark.parametrize("threshold, first_label", [(2, 1), (1, 0)])
def test_at_most_keeps_the_first_labels(make_toy, threshold, first_label):
    toy = make_toy((2, 3, 4))
    view = at_most(toy, "b", threshold, first_label=first_label)
    assert view.factor_sizes == (2, 2, 4)
    assert view.is_product and view.product is view
    kept = [i for i in range(24) if toy.factors_of([i])[0, 1] < 2]
    np.testing.assert_array_equal(members(view), kept)
    np.testing.assert_array_equal(
        view.factors_of(np.arange(16)), toy.factors_of(kept)
    )


@pytest.mark.parametrize("threshold, first_label", [(3, 1), (2, 0)])
def test_at_most_the_last_label_keeps_all(make_toy, threshold, first_label):
    view = at_most(make_toy(), "b", threshold, first_label=first_label)
    np.testing.assert_array_equal(members(view), np.arange(24))


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


def test_an_unknown_factor_is_refused_with_the_known_ones(make_toy):
    with pytest.raises(UsageError, match="'d'; it has a, b, c"):
        at_most(make_toy(), "d", 1)


def test_random_subset_has_n_different_images_by_seed(make_toy):
    toy = make_toy()
    first, again, other = (random_subset(toy, 10, s) for s in (3, 3, 4))
    assert len(first) == len(set(members(first))) == 10
    np.testing.assert_array_equal(members(first), members(again))
    assert not np.array_equal(members(first), members(other))
    assert not first.is_product and first.product is toy
    assert first.provenance == "subset(random=10@3) of made up"


def test_random_subset_takes_every_image_equally_often(make_toy):
    counts = np.zeros(24)
    for seed in range(1200):
        counts[members(random_subset(make_toy(), 6, seed))] += 1
    # Mean 300, standard deviation 15.
    assert np.all(np.abs(counts - 300) < 75)


def test_random_subset_knows_its_members_only(make_toy):
    view = random_subset(make_toy(), 10, 0)
    indices = np.arange(10)
    factors = view.factors_of(indices)
    np.testing.assert_array_equal(view.indices_of(factors), indices)
    drawn = view.sample_factors(2000, np.random.default_rng(0))
    assert set(view.indices_of(drawn)) == set(indices)
    absent = np.setdiff1d(np.arange(24), members(view))
    for index in absent:
        with pytest.raises(ValueError, match="are not in"):
            view.indices_of(make_toy().factors_of([index]))


@pytest.mark.parametrize("n, seed", [(0, 0), (25, 0), (5, -1)])
def test_a_wrong_random_subset_is_refused(make_toy, n, seed):
    with pytest.raises(UsageError):
        random_subset(make_toy(), n, seed)


def test_views_of_products_compose(make_toy):
    view = at_most(at_most(make_toy(), "c", 2), "b", 1)
    assert view.factor_sizes == (2, 1, 2)
    np.testing.assert_array_equal(members(view), [0, 1, 12, 13])
    assert view.provenance == "subset(b<=1) of subset(c<=2) of made up"


def test_random_of_a_product_view_stays_in_the_view(make_toy):
    half = at_most(make_toy(), "c", 2)
    view = random_subset(half, 5, 0)
    assert view.product is half
    assert set(members(view)) <= set(members(half))


def test_at_most_of_a_random_subset_keeps_its_members(make_toy):
    sample = random_subset(make_toy(), 12, 0)
    view = at_most(sample, "c", 2)
    expected = [i for i in members(sample) if i % 4 < 2]
    np.testing.assert_array_equal(members(view), expected)
    assert len(view) == len(expected)
    assert not view.is_product
    assert view.product.factor_sizes == (2, 3, 2) == view.factor_sizes
    np.testing.assert_array_equal(
        view.indices_of(view.factors_of(np.arange(len(view)))),
        np.arange(len(view)),
    )


def test_random_of_a_random_subset_stays_in_it(make_toy):
    sample = random_subset(make_toy(), 12, 0)
    view = random_subset(sample, 5, 1)
    assert len(set(members(view))) == 5
    assert set(members(view)) <= set(members(sample))


@pytest.mark.parametrize(
    "text, size", [("c<=3", 18), ("c<=1@0", 12), ("b<=2@1", 16)]
)
def test_text_of_a_threshold(make_toy, text, size):
    view = parse_subset(text)(make_toy())
    assert len(view) == size and view.is_product


def test_text_of_a_random_subset(make_toy):
    view = parse_subset("random=7@5")(make_toy())
    expected = random_subset(make_toy(), 7, 5)
    np.testing.assert_array_equal(members(view), members(expected))


@pytest.mark.parametrize("text", ["c<=3", "c<=1@0", "random=7@5"])
def test_provenance_holds_the_text(make_toy, text):
    provenance = parse_subset(text)(make_toy()).provenance
    assert provenance == f"subset({text}) of made up"


@pytest.mark.parametrize(
    "text", ["", "c", "c<3", "c<=x", "c<=-1", "random=5", "random=@1", "c<=1 "]
)
def test_other_text_is_refused_with_the_forms(text):
    with pytest.raises(UsageError, match="FACTOR<=T"):
        parse_subset(text)


def test_views_keep_the_names_of_values(dsprites):
    for text in ("x_position<=16", "random=5@0"):
        view = parse_subset(text)(dsprites)
        assert view.value_names == {"shape": ("square", "ellipse", "heart")}
