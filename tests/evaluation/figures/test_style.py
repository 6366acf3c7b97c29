import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from tfdisent.evaluation.figures import style


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_width_of_text_is_that_of_the_drawn_text(weight):
    figure = style.new_figure(4, 1)
    label = "orientation\n|ρ| = 0.98"
    text = figure.text(0, 0, label, fontsize=style.LABEL, weight=weight)
    FigureCanvasAgg(figure).draw()
    width = style.text_width(label, style.LABEL, weight)
    assert width == pytest.approx(text.get_window_extent().width, abs=4)


def test_numbers_have_a_true_minus():
    assert style.number(-2.5) == "\N{MINUS SIGN}2.5"
    assert style.number(3.0) == "3"
    assert style.number(0.126, 2) == "0.13"


def test_colours_of_categories_differ_in_grey_from_paper():
    for colour in style.CATEGORY_COLOURS:
        assert np.dot(to_rgb(colour), (0.299, 0.587, 0.114)) < 0.75
