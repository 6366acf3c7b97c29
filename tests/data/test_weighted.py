import numpy as np
import pytest

from tfdisent.data import weighted as weighted_lib
from tfdisent.data.members import part_of, random_subset
from tfdisent.data.pipeline import training_batches
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.data.weighted import correlated, weighted
from tfdisent.errors import UsageError


def table_of(dataset, *factors):
    """How many images have each combination of values of the factors."""
    rows = dataset.factors_of(np.arange(len(dataset)))
    positions = [dataset.factor_names.index(f) for f in factors]
    counts = np.zeros([dataset.factor_sizes[p] for p in positions], int)
    np.add.at(counts, tuple(rows[:, positions].T), 1)
    return counts


def test_an_image_is_there_as_often_as_its_weight(make_toy):
    view = weighted(make_toy(), "b", [1, 3, 2])
    np.testing.assert_array_equal(
        view.members,
        np.repeat(np.arange(24), ([1] * 4 + [3] * 4 + [2] * 4) * 2),
    )
    np.testing.assert_array_equal(table_of(view, "b"), [8, 24, 16])
    assert not view.is_product and view.whole.is_product
    assert view.factor_sizes == (2, 3, 4)
    assert view.provenance == "subset(weights(b)=1,3,2) of made up"


def test_factors_are_drawn_with_their_weights(make_toy):
    view = weighted(make_toy(), "b", [1, 3, 2])
    drawn = view.sample_factors(12_000, np.random.default_rng(0))
    counts = np.bincount(drawn[:, 1])
    # Standard deviations 41, 55 and 52.
    np.testing.assert_allclose(counts, [2000, 6000, 4000], atol=220)
    assert abs(np.bincount(drawn[:, 2]) - 3000).max() < 200


def test_an_epoch_of_training_shows_it_as_often(make_toy):
    view = weighted(make_toy(), "c", [1, 1, 1, 5])
    batches = training_batches(view, batch_size=len(view), seed=0)
    images = next(iter(batches)).numpy().reshape(-1, 3) * 255
    shown = np.bincount(images[:, 2].astype(int), minlength=24)
    np.testing.assert_array_equal(shown, [1, 1, 1, 5] * 6)


def test_weights_of_a_part_multiply(make_toy):
    part = part_of(make_toy(), [0, 1, 1, 2, 7], "x")
    view = weighted(weighted(part, "c", [2, 3, 1, 1]), "b", [1, 4, 1])
    np.testing.assert_array_equal(
        view.members, np.repeat([0, 1, 2, 7], [2, 6, 1, 4])
    )


def test_weights_of_a_table_with_repeated_factors():
    table = RowsDataset(
        np.zeros((4, 1, 1, 1), np.uint8),
        [[1], [0], [1], [0]],
        name="table",
        provenance="drawn",
        factor_names=["a"],
    )
    view = weighted(table, "a", [1, 2])
    np.testing.assert_array_equal(view.members, [0, 0, 1, 2, 2, 3])


@pytest.mark.parametrize("weights", [[1, 2], [1] * 5, [1, 0, 1, 1], [-1] * 4])
def test_wrong_weights_are_refused(make_toy, weights):
    with pytest.raises(UsageError, match="c needs 4 whole numbers of 1"):
        weighted(make_toy(), "c", weights)


def test_too_many_images_are_refused(make_toy, monkeypatch):
    with pytest.raises(UsageError, match="at most 100000000"):
        weighted(make_toy(), "c", [10**30, 1, 1, 1])
    monkeypatch.setattr(weighted_lib, "MOST_MEMBERS", 30)
    assert len(weighted(make_toy(), "c", [2, 1, 1, 1])) == 30
    with pytest.raises(UsageError, match="36 images of 24; .* at most 30"):
        weighted(part_of(make_toy(), range(24), "x"), "a", [1, 2])


def test_correlated_factors_lie_along_the_diagonal(make_toy):
    view = correlated(make_toy((4, 1, 4)), "a", "c")
    np.testing.assert_array_equal(
        table_of(view, "a", "c"),
        [[4, 3, 2, 1], [3, 4, 3, 2], [2, 3, 4, 3], [1, 2, 3, 4]],
    )
    assert view.provenance == "subset(correlated=a,c@4) of made up"


def test_correlated_factors_of_different_sizes(make_toy):
    # Distances |a - c / 2|: 0, 1/2, 1; half of (4 - 1) is 1.5, rounded up.
    view = correlated(make_toy((2, 1, 3)), "a", "c", 4)
    np.testing.assert_array_equal(
        table_of(view, "a", "c"), [[4, 2, 1], [1, 2, 4]]
    )
    other_way = correlated(make_toy((2, 1, 3)), "c", "a", 4)
    np.testing.assert_array_equal(view.members, other_way.members)


@pytest.mark.parametrize("ratio", [2, 3, 4, 10])
def test_the_likeliest_are_ratio_times_as_likely(make_toy, ratio):
    counts = table_of(
        correlated(make_toy((5, 2, 9)), "a", "c", ratio), "a", "c"
    )
    assert counts.max() == ratio * counts.min() and counts.min() == 2
    assert counts[0, 0] == counts[4, 8] == counts.max()
    assert counts[0, 8] == counts[4, 0] == counts.min()


def test_the_other_factors_stay_independent(make_toy):
    counts = table_of(correlated(make_toy((3, 3, 4)), "a", "b"), *"abc")
    assert (counts == counts[:, :, :1]).all()


def test_correlation_of_a_part_keeps_its_images(make_toy):
    part = random_subset(make_toy(), 9, 0)
    view = correlated(part, "a", "c", 3)
    assert set(view.members) == set(part.members)
    assert view.whole is part.whole


@pytest.mark.parametrize(
    "first, second, ratio",
    [("a", "a", 4), ("a", "b", 4), ("a", "c", 1), ("a", "c", 10**7)],
)
def test_a_wrong_correlation_is_refused(make_toy, first, second, ratio):
    with pytest.raises(UsageError, match="two different factors of 2"):
        correlated(make_toy((2, 1, 3)), first, second, ratio)
