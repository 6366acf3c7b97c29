import warnings

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.metric_matrices import metric_matrix

FACTORS = ("shape", "scale", "orientation", "x_position", "y_position")


def names(count):
    return [f"z{i}" for i in range(count)]


def matrix_of(figure):
    (image,) = (i for axes in figure.axes[:1] for i in axes.images)
    return image.get_array()


def labels_of(figure):
    axes = figure.axes[0]
    return [
        [label.get_text() for label in labels]
        for labels in (axes.get_yticklabels(), axes.get_xticklabels())
    ]


def test_cells_hold_the_matrix_and_its_numbers(rng, texts_of):
    matrix = rng.random((10, 5))
    figure = metric_matrix(matrix, "MI", names(10), FACTORS, unit="nats")
    np.testing.assert_array_equal(matrix_of(figure), matrix)
    assert labels_of(figure) == [names(10), list(FACTORS)]
    shown = texts_of(figure)
    assert {"MI", "nats"} <= set(shown)
    for cell in figure.axes[0].texts:
        column, row = (int(v) for v in cell.get_position())
        assert cell.get_text() == f"{matrix[row, column]:.2f}"
    assert len(figure.axes[0].texts) == 50


def test_rows_are_sorted_by_kl_and_inactive_ones_are_grey(rng):
    matrix = rng.random((3, 5))
    figure = metric_matrix(matrix, "", names(3), FACTORS, kl=[0.001, 2, 1])
    np.testing.assert_array_equal(matrix_of(figure), matrix[[1, 2, 0]])
    assert labels_of(figure) == [["z1", "z2", "z0"], list(FACTORS)]
    labels = figure.axes[0].get_yticklabels()
    assert [to_hex(label.get_color()) for label in labels] == [
        style.INK,
        style.INK,
        style.MUTED,
    ]


def test_latents_by_latents_are_sorted_both_ways(rng):
    matrix = rng.random((3, 3))
    figure = metric_matrix(matrix, "", names(3), names(3), kl=[1, 3, 2])
    order = [1, 2, 0]
    np.testing.assert_array_equal(
        matrix_of(figure), matrix[np.ix_(order, order)]
    )
    assert labels_of(figure) == [["z1", "z2", "z0"]] * 2


def test_light_is_zero_and_negative_values_have_their_own_colours(rng):
    matrix = rng.random((4, 4)) + 1
    image = metric_matrix(matrix, "", names(4), names(4)).axes[0].images[0]
    assert image.get_clim() == (0, matrix.max())
    matrix[0, 0] = -5
    image = metric_matrix(matrix, "", names(4), names(4)).axes[0].images[0]
    assert image.get_clim() == (-5, 5)
    assert np.ptp(image.to_rgba(0.0)[:3]) < 0.05


def test_numbers_stand_out_from_their_cells(rng):
    figure = metric_matrix(
        np.linspace(0, 1, 150).reshape(15, 10), "", names(15), names(10)
    )
    axes = figure.axes[0]
    weights = (0.2126, 0.7152, 0.0722)
    for text in axes.texts:
        column, row = (int(v) for v in text.get_position())
        cell = axes.images[0].to_rgba(axes.images[0].get_array()[row, column])
        ink = 1.0 if text.get_color() == style.PAPER else 0.13
        assert abs(np.dot(cell[:3], weights) - ink) > 0.3


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (15, 12), (5, 5)])
def test_numbers_fit_into_their_cells(rng, shape, texts_of):
    figure = metric_matrix(
        -99 * rng.random(shape), "t", names(shape[0]), names(shape[1])
    )
    texts_of(figure)
    axes = figure.axes[0]
    width = axes.get_window_extent().width / shape[1]
    assert len(axes.texts) == shape[0] * shape[1]
    for text in axes.texts:
        assert text.get_window_extent().width < width


@pytest.mark.parametrize("shape", [(16, 5), (10, 13), (40, 40)])
def test_large_matrices_show_labels_but_no_numbers(rng, shape, texts_of):
    rows, columns = names(shape[0]), names(shape[1])
    figure = metric_matrix(rng.random(shape), "t", rows, columns)
    assert not figure.axes[0].texts
    assert set(rows) | set(columns) <= set(texts_of(figure))


@pytest.mark.parametrize("count", [5, 12, 30])
def test_labels_do_not_overlap(rng, count):
    columns = [f"a_long_factor_{i}" for i in range(count)]
    figure = metric_matrix(rng.random((30, count)), "", names(30), columns)
    figure.savefig("/dev/null", format="png")
    axes = figure.axes[0]
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        boxes = [label.get_window_extent() for label in labels]
        for first, second in zip(boxes, boxes[1:], strict=False):
            assert not first.overlaps(second)


def test_title_and_few_cells_fit(texts_of):
    title = "Mutual information of a single latent and a single factor"
    assert title in texts_of(metric_matrix([[0.5]], title, ["z0"], ["shape"]))


@pytest.mark.parametrize("filling", [0.0, np.nan, np.inf, 1e-12, -1e-12])
def test_constant_and_missing_values_are_safe(filling, texts_of):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = metric_matrix(
            np.full((3, 5), filling), "t", names(3), FACTORS, kl=[0, 0, np.nan]
        )
        shown = texts_of(figure)
    assert "\N{MINUS SIGN}0.00" not in shown
    low, high = figure.axes[0].images[0].get_clim()
    assert low <= 0 < high
    if abs(filling) != 1e-12:
        assert (low, high) == (0, 1)


@pytest.mark.parametrize(
    ("matrix", "kl", "message"),
    [
        (np.zeros((3, 4)), None, "5 column labels"),
        (np.zeros((2, 5)), None, "3 row labels"),
        (np.zeros(5), None, "shape"),
        (np.zeros((3, 5)), [1, 2], "2 KL values"),
    ],
)
def test_refuses_what_does_not_fit(matrix, kl, message):
    with pytest.raises(UsageError, match=message):
        metric_matrix(matrix, "t", names(3), FACTORS, kl=kl)


def test_refuses_an_empty_matrix():
    with pytest.raises(UsageError, match="shape"):
        metric_matrix(np.zeros((0, 5)), "t", [], FACTORS)
