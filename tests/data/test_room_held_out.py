import numpy as np
import pytest

from tfdisent.data import room_renderer
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.room_concepts import sample_concepts
from tfdisent.data.room_held_out import held_out, seen, unseen
from tfdisent.data.subsets import at_most, parse_subset
from tfdisent.errors import UsageError


class Plan(FactorDataset):
    """The room without pictures."""

    def __init__(self):
        super().__init__(
            name="plan",
            provenance="made up",
            factor_names=room_renderer.FACTOR_NAMES,
            factor_sizes=room_renderer.FACTOR_SIZES,
            image_shape=(1, 1, 1),
        )

    def images(self, indices):
        raise NotImplementedError


def shown(dataset):
    return dataset.factors_of(np.arange(len(dataset)))[:, :4]


def number(concepts):
    return concepts @ [16 * 16 * 3, 16 * 3, 3, 1]


def test_300_different_concepts_are_held_out_by_the_seed():
    first, again, other = held_out(3), held_out(3), held_out(4)
    assert first.shape == (300, 4) and len(np.unique(first, axis=0)) == 300
    assert (first >= 0).all() and (first < (16, 16, 16, 3)).all()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    # Every hue has a mean of 300 / 16 = 19, a standard deviation of 4.
    for column in first.T[:3]:
        assert np.bincount(column, minlength=16).min() > 3


def test_the_held_out_concepts_stay_those_of_earlier_versions():
    np.testing.assert_array_equal(
        held_out(0)[:2], [(0, 0, 11, 0), (0, 1, 5, 2)]
    )


def test_seen_and_unseen_share_no_image_and_no_concept():
    plan = Plan()
    train, test = seen(plan, 7), unseen(plan, 7)
    assert len(test) == 300 * 8 * 8
    assert len(train) + len(test) == 786_432
    held = np.unique(number(held_out(7)))
    assert not np.isin(number(shown(train)), held).any()
    concepts, counts = np.unique(number(shown(test)), return_counts=True)
    np.testing.assert_array_equal(concepts, held)
    assert (counts == 64).all()
    assert not (train.is_product or test.is_product)


def test_three_values_of_a_held_out_concept_are_seen_together():
    train = shown(seen(Plan(), 0))
    three = {tuple(row) for row in np.unique(train[:, 1:], axis=0)}
    assert {tuple(row) for row in held_out(0)[:, 1:]} <= three


def test_no_held_out_concept_is_said_of_what_is_seen():
    small = at_most(at_most(Plan(), "wall_color", 2), "floor_color", 2)
    train = seen(small, 0, 150)  # of 2 * 2 * 16 * 3 = 192
    _, concepts = sample_concepts(train, 4000, np.random.default_rng(0))
    full = concepts[(concepts >= 0).all(axis=1)]
    held = held_out(0, 150, (2, 2, 16, 3))
    assert len(np.unique(full, axis=0)) == 42
    assert not np.isin(number(full), number(held)).any()


@pytest.mark.parametrize("text", ["seen=300@7", "unseen=20@7"])
def test_the_views_say_what_they_are(text):
    view, plan = parse_subset(text)(Plan()), Plan()
    assert view.provenance == f"subset({text}) of made up"
    same = seen(plan, 7) if "unseen" not in text else unseen(plan, 7, 20)
    np.testing.assert_array_equal(view.members, same.members)


@pytest.mark.parametrize("seed, n", [(-1, 300), (0, 0), (0, 12_288)])
def test_what_cannot_be_held_out_is_refused(seed, n):
    with pytest.raises(UsageError):
        held_out(seed, n)


def test_a_view_without_images_is_refused():
    with pytest.raises(UsageError, match="No image is left"):
        seen(unseen(Plan(), 0), 0)


def test_a_data_set_without_concepts_is_refused(make_toy):
    with pytest.raises(UsageError, match="toy has no concepts"):
        seen(make_toy(), 0)
