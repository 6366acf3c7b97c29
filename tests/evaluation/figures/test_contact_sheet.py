import numpy as np
import pytest

from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.evaluation.figures import contact_sheet as module
from tfdisent.evaluation.figures.contact_sheet import contact_sheet

SIZES = (3, 14)


@pytest.fixture
def drawn(monkeypatch):
    """What the sheets are drawn of."""
    tiles = []
    draw = module.draw_mosaic

    def note(images, margins):
        tiles.append(images)
        return draw(images, margins)

    monkeypatch.setattr(module, "draw_mosaic", note)
    return tiles


def rows_of(factors):
    """Images whose first two pixels are their factors."""
    rows = np.zeros((len(factors), 8, 8, 3), np.uint8)
    rows[:, 0, 0, :2] = factors
    return rows


def dataset(factors, **kwargs):
    return RowsDataset(
        rows_of(factors),
        factors,
        name="t",
        provenance="p",
        factor_names=("a", "b"),
        factor_sizes=SIZES,
        **kwargs,
    )


def factors_in(tiles):
    return np.rint(np.asarray(tiles)[..., 0, 0, :2] * 255).astype(int)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_of_a_product_one_factor_moves_and_the_others_are_in_the_middle(drawn):
    product = np.stack(np.unravel_index(np.arange(42), SIZES), axis=-1)
    figure = contact_sheet(dataset(product, value_names={"a": "xyz"}))
    first, second = factors_in(drawn[0])
    np.testing.assert_array_equal(first[:3], [[0, 7], [1, 7], [2, 7]])
    assert (drawn[0][0, 3:] == 1).all()  # blank, for there are three values
    assert (second[:, 0] == 1).all()
    assert second[0, 1] == 0 and second[-1, 1] == 13
    assert (np.diff(second[:, 1]) >= 1).all()
    assert texts(figure) == ["a", "x\ny\nz", "b", "0 to 13"]


def test_of_a_table_images_have_the_value_and_missing_ones_are_left_out(drawn):
    rng = np.random.default_rng(0)
    table = rng.integers((2, 14), size=(300, 2))  # a = 2 does not occur
    figure = contact_sheet(
        dataset(table, value_names={"b": [*"ABCDEFGHIJKLMN"]})
    )
    first, second = factors_in(drawn[0])
    assert first[:2, 0].tolist() == [0, 1] and (drawn[0][0, 2:] == 1).all()
    assert len(set(second[:, 1])) == 10
    assert texts(figure) == ["a", "0 to 1", "b", "A\nto N\n(14 values)"]


def test_factors_of_one_size_have_different_values():
    assert module._in_the_middle((10, 10, 10, 8, 3)) == [2, 5, 7, 4, 1]


@pytest.mark.parametrize("n", [7, 200])
def test_without_factors_different_images_are_shown(drawn, n):
    rows = np.zeros((n, 8, 8, 1), np.uint8)
    rows[:, 0, 0, 0] = np.arange(n)
    contact_sheet(RowsDataset(rows, np.zeros((n, 0)), name="t", provenance="p"))
    tiles = drawn[0].reshape(-1, 8, 8, 1)
    shown = tiles[:, 1, 1, 0] < 1  # not blank
    assert shown.sum() == min(n, 60)
    assert len(np.unique(tiles[shown, 0, 0, 0])) == min(n, 60)
