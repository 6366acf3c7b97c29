from collections.abc import Callable, Iterator

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def texts_of() -> Callable[[Figure], list[str]]:
    """The texts that a figure shows, each checked to lie within it."""

    def texts_of(figure: Figure) -> list[str]:
        figure.savefig("/dev/null", format="png")
        figure_box = figure.bbox.padded(0.5)
        hidden = set(_labels_out_of_view(figure))
        shown = [
            text
            for text in figure.findobj(Text)
            if text.get_text() and text.get_visible() and text not in hidden
        ]
        for text in shown:
            for corner in text.get_window_extent().corners():
                assert figure_box.contains(*corner), text
        return [text.get_text() for text in shown]

    return texts_of


def _labels_out_of_view(figure: Figure) -> Iterator[Text]:
    """Labels of ticks beyond the limits of an axis, which are not drawn."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if not low <= tick.get_loc() <= high:
                    yield from (tick.label1, tick.label2)
