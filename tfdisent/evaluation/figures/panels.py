"""Small panels in a grid, with labels on the left and a common foot."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfdisent.evaluation.figures import style

# All in inches.
MARGIN = 0.1
TICK_LABELS = 0.42  # Between the row labels and the panels.
HEAD, LEGEND, BOTTOM = 0.28, 0.27, 0.3
RIGHT = 0.62
COLUMN_GAP, ROW_GAP = 0.06, 0.12
PANEL_HEIGHT, FOOT_HEIGHT = 0.75, 0.55
NARROWEST, WIDEST = 0.5, 1.8


class Panels(NamedTuple):
    """A figure of R rows and D columns of axes, and one row as its foot."""

    figure: Figure
    rows: list[list[Axes]]  # [R][D]
    foot: Axes  # Its x axis is in inches from the figure's left edge.
    centres: np.ndarray  # [D] middles of the columns on that axis.
    width: float  # Inches of a column.


def lay_out_panels(
    labels: Sequence[str],
    square: Sequence[bool],
    columns: int,
    *,
    legend: int,
) -> Panels:
    """Make empty panels.

    Args:
      labels: [R + 1] one text per row, the last for the foot.
      square: [R] whether the panels of a row are as high as wide.
      columns: D; more than fit on a page make the figure wider.
      legend: Lines of legend on top.

    Returns:
      The panels.
    """
    widest = max(style.text_width(label, style.LABEL) for label in labels)
    left = MARGIN + widest / style.DPI + TICK_LABELS
    space = (style.WIDTH - left - RIGHT) / columns - COLUMN_GAP
    width = float(np.clip(space, NARROWEST, WIDEST))
    lefts = left + (width + COLUMN_GAP) * np.arange(columns)
    end = lefts[-1] + width
    heights = [width if is_square else PANEL_HEIGHT for is_square in square]
    heights.append(FOOT_HEIGHT)
    head = HEAD + LEGEND * legend
    tops = head + np.cumsum([0, *np.add(heights[:-1], ROW_GAP)])
    figure = style.new_figure(end + RIGHT, tops[-1] + FOOT_HEIGHT + BOTTOM)
    for label, top, height in zip(labels, tops, heights, strict=True):
        _label(figure, label, top + height / 2)
    rows = [
        [_place(figure, x, top, width, height) for x in lefts]
        for top, height in zip(tops[:-1], heights[:-1], strict=True)
    ]
    foot = _place(figure, left, tops[-1], end - left, FOOT_HEIGHT)
    foot.set_xlim(left, end)
    return Panels(figure, rows, foot, lefts + width / 2, width)


def _place(
    figure: Figure, x: float, top: float, width: float, height: float
) -> Axes:
    """Axes at a place in inches from the upper left corner."""
    across, down = figure.get_size_inches()
    y = down - top - height
    return figure.add_axes(
        (x / across, y / down, width / across, height / down)
    )


def _label(figure: Figure, text: str, middle: float) -> None:
    across, down = figure.get_size_inches()
    figure.text(
        MARGIN / across,
        1 - middle / down,
        text,
        fontsize=style.LABEL,
        color=style.INK,
        va="center",
        linespacing=1.5,
    )
