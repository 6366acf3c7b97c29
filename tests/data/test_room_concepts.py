import numpy as np
import pytest

from tfdisent.data import room_concepts as concepts
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.room import HUES, VALUE_NAMES
from tfdisent.data.room_renderer import FACTOR_NAMES
from tfdisent.errors import UsageError


class Plan(FactorDataset):
    """A room without pictures, with 4 colours."""

    def __init__(self, names=FACTOR_NAMES):
        super().__init__(
            name="plan",
            provenance="made up",
            factor_names=names,
            factor_sizes=(4, 4, 4, 3, 2, 2),
            image_shape=(1, 1, 1),
        )

    def images(self, indices):
        raise NotImplementedError


def test_there_are_19651_concepts_of_which_12288_say_everything():
    every = concepts.all_concepts()
    assert every.shape == (19_651, 4)
    assert len(np.unique(every, axis=0)) == 19_651
    assert every.min() == -1 and (every.max(axis=0) == (15, 15, 15, 2)).all()
    assert not (every == -1).all(axis=1).any()
    assert (every >= 0).all(axis=1).sum() == 12_288


def test_a_symbol_is_hot_where_it_should_be():
    symbols = concepts.symbols_of([(2, 15, 0, 1), (-1, -1, 3, -1)])
    assert symbols.dtype == np.float32 and symbols.shape == (2, 51)
    assert list(np.flatnonzero(symbols[0])) == [2, 31, 32, 49]
    assert list(np.flatnonzero(symbols[1])) == [35]
    assert set(np.unique(symbols)) == {0, 1}


@pytest.mark.parametrize("sizes", [(16, 16, 16, 3), (8, 8, 8, 3)])
def test_symbols_say_all_that_concepts_say(sizes):
    every = concepts.all_concepts(sizes)
    symbols = concepts.symbols_of(every, sizes)
    assert symbols.shape == (len(every), sum(sizes))
    np.testing.assert_array_equal(symbols.sum(1), (every >= 0).sum(1))
    np.testing.assert_array_equal(concepts.values_of(symbols, sizes), every)


def test_a_symbol_that_says_nothing_is_understood():
    assert (concepts.values_of(np.zeros((1, 51))) == -1).all()


@pytest.mark.parametrize("values", [(16, 0, 0, 0), (0, 0, 0, 3), (0, -2, 0, 0)])
def test_values_that_do_not_exist_are_refused(values):
    with pytest.raises(UsageError, match="from -1"):
        concepts.symbols_of([values])


def test_wrong_symbols_are_refused():
    symbols = np.zeros((3, 51))
    symbols[2, [16, 31]] = 1
    with pytest.raises(UsageError, match="Symbol 2 says 2 values of floor"):
        concepts.values_of(symbols)
    with pytest.raises(UsageError, match="0 and 1"):
        concepts.values_of(np.full((1, 51), 0.5))
    for shape in [(1, 50), (51,)]:
        with pytest.raises(UsageError, match="shape"):
            concepts.values_of(np.zeros(shape))


@pytest.mark.parametrize(
    "text, values",
    [
        ("cyan wall", (8, -1, -1, -1)),
        ("red floor , ice lolly", (-1, 0, -1, 1)),
        ("blue suitcase,rose wall", (15, -1, 11, 2)),
        ("amber object", (-1, -1, 2, -1)),
        ("hat, amber object", (-1, -1, 2, 0)),
    ],
)
def test_a_concept_is_read_as_a_person_says_it(text, values):
    np.testing.assert_array_equal(concepts.concept_of(text), values)


def test_what_is_said_is_read_back():
    every = concepts.all_concepts()
    said = {concepts.name_of(values) for values in every}
    assert len(said) == len(every)
    for values in every[::37]:
        name = concepts.name_of(values)
        np.testing.assert_array_equal(concepts.concept_of(name), values)
    assert concepts.name_of((8, 0, 11, 2)) == (
        "cyan wall, red floor, blue suitcase"
    )
    assert concepts.name_of((-1, -1, -1, 0)) == "hat"
    assert concepts.name_of((-1, -1, 2, -1)) == "amber object"
    assert concepts.name_of((-1, -1, -1, -1)) == ""


@pytest.mark.parametrize(
    "text", ["", "wall", "object", "grey wall", "red", "hat, ", "red  wall"]
)
def test_what_is_not_understood_is_refused(text):
    with pytest.raises(UsageError, match="not understood; write a colour"):
        concepts.concept_of(text)


@pytest.mark.parametrize(
    "text", ["red wall, blue wall", "hat, suitcase", "red hat, red object"]
)
def test_nothing_is_said_twice(text):
    with pytest.raises(UsageError, match="twice"):
        concepts.concept_of(text)


def test_names_and_sizes_belong_to_the_factors():
    assert concepts.FACTORS == tuple(VALUE_NAMES) == FACTOR_NAMES[:4]
    assert concepts.SIZES == (16, 16, 16, 3)
    assert len(set(HUES)) == 16


def test_a_data_set_without_concepts_is_refused():
    with pytest.raises(UsageError, match="plan has no concepts"):
        concepts.sizes_of(Plan(FACTOR_NAMES[::-1]))


def test_images_of_a_concept_show_it_and_all_else_is_uniform():
    plan, rng = Plan(), np.random.default_rng(0)
    indices = concepts.images_of(plan, (0, -1, -1, 1), 6400, rng)
    factors = plan.factors_of(indices)
    assert (factors[:, [0, 3]] == (0, 1)).all()
    counts = np.unique(indices, return_counts=True)[1]
    assert len(counts) == 4 * 4 * 2 * 2
    # Mean 100, standard deviation 10.
    assert np.all(abs(counts - 100) < 50)


def test_a_concept_that_nothing_shows_is_named():
    with pytest.raises(UsageError, match="made up shows cyan wall, hat"):
        concepts.images_of(Plan(), (8, -1, -1, 0), 1, np.random.default_rng(0))


def test_sampled_concepts_are_shown_and_say_1_to_4_factors_as_often():
    plan, n = Plan(), 6000
    indices, values = concepts.sample_concepts(
        plan, n, np.random.default_rng(0)
    )
    assert indices.shape == (n,) and values.shape == (n, 4)
    shown, said = plan.factors_of(indices)[:, :4], values >= 0
    np.testing.assert_array_equal(values[said], shown[said])
    # Of 15 sets of factors, those of k factors have 1/4 in all.
    sets, counts = np.unique(said, axis=0, return_counts=True)
    assert len(sets) == 15
    expected = n / 4 / np.array([0, 4, 6, 4, 1])[sets.sum(axis=1)]
    assert np.all(abs(counts - expected) < 5 * np.sqrt(expected))
    assert len(np.unique(indices)) == len(plan)
