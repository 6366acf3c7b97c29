"""A matrix of a metric: what each latent has to do with each factor."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.latents import is_inactive, order_by_kl

ROWS, COLUMNS = 15, 12  # Larger matrices show no numbers.
COLOURS = "Blues"  # Tells values apart by lightness alone, on paper as well.

# All in inches.
MARGIN, GAP = 0.1, 0.08
TITLE = 0.22
NARROWEST, HEIGHT = 0.5, 0.28  # Of a cell with a number.
SMALL_CELL = 0.15  # Width and height of one without.
BAR, BAR_LABELS = 0.12, 0.55


def metric_matrix(
    matrix: np.ndarray,
    title: str,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    *,
    unit: str = "",
    kl: Sequence[float] | None = None,
) -> Figure:
    """Draw a matrix as a heat map, with its numbers where they fit.

    White is 0 and dark blue the largest value. A matrix with negative values
    runs from blue over white to red. The numbers stand in the cells of up to
    15 rows and 12 columns.

    Args:
      matrix: [D, K] latents by factors, [D, D] or [K, K].
      title: What it shows.
      row_labels: Names of the rows.
      column_labels: Names of the columns.
      unit: Of the values, such as "nats".
      kl: [D] KL of the latents in nats. It sorts the rows, the largest first,
        and those of inactive latents have grey labels; columns with the labels
        of the rows are sorted with them.

    Returns:
      The figure.

    Raises:
      UsageError: `matrix` is empty, or does not fit the labels or `kl`.
    """
    matrix = np.asarray(matrix, np.float64)
    rows, columns = list(row_labels), list(column_labels)
    if not matrix.size or matrix.shape != (len(rows), len(columns)):
        raise UsageError(
            f"A matrix of shape {list(matrix.shape)} does not fit {len(rows)} "
            f"row labels and {len(columns)} column labels; give one for each "
            "row and each column."
        )
    inks, column_inks = [style.INK] * len(rows), [style.INK] * len(columns)
    if kl is not None:
        if len(kl) != len(rows):
            raise UsageError(
                f"{len(kl)} KL values do not fit {len(rows)} rows; give one "
                "for each latent."
            )
        order = order_by_kl(kl)
        inks = [style.MUTED if is_inactive(kl[z]) else style.INK for z in order]
        if columns == rows:
            matrix, column_inks = matrix[:, order], inks
            columns = [columns[z] for z in order]
        matrix, rows = matrix[order], [rows[z] for z in order]
    axes, bar = _lay_out(title, rows, columns)
    image = _draw(axes, matrix)
    _label(axes, rows, inks, columns, column_inks)
    _draw_bar(bar, image, unit)
    return axes.figure


def _lay_out(
    title: str, rows: Sequence[str], columns: Sequence[str]
) -> tuple[Axes, Axes]:
    """The axes of the matrix and of its colour bar, under a title."""
    left = 2 * MARGIN + _widest(rows)
    right = GAP + BAR + BAR_LABELS
    width, height = SMALL_CELL, SMALL_CELL
    if _has_numbers((len(rows), len(columns))):
        space = (style.WIDTH - left - right) / len(columns)
        width = max(NARROWEST, min(_widest(columns) + GAP, space))
        height = HEIGHT
    across, down = width * len(columns), height * len(rows)
    is_upright = _widest(columns) > width
    top = 2 * MARGIN + TITLE + (_widest(columns) if is_upright else TITLE / 2)
    heading = style.text_width(title, style.HEADING) / style.DPI + 2 * MARGIN
    figure = style.new_figure(
        max(left + across + right, heading), top + down + MARGIN
    )
    figure.text(
        MARGIN / figure.get_figwidth(),
        1 - MARGIN / figure.get_figheight(),
        title,
        va="top",
        fontsize=style.HEADING,
        color=style.INK,
    )
    inch = 1 / figure.get_size_inches()

    def place(x: float, wide: float) -> Axes:
        return figure.add_axes(
            (x * inch[0], MARGIN * inch[1], wide * inch[0], down * inch[1])
        )

    axes, bar = place(left, across), place(left + across + GAP, BAR)
    axes.tick_params(axis="x", labelrotation=90 * is_upright)
    return axes, bar


def _draw(axes: Axes, matrix: np.ndarray) -> AxesImage:
    """The cells, and the numbers in them."""
    finite = matrix[np.isfinite(matrix)]
    largest = np.abs(finite).max(initial=0) or 1.0
    is_signed = (finite < 0).any()
    colours = colormaps[style.DIVERGING_COLOURS if is_signed else COLOURS]
    image = axes.imshow(
        matrix,
        cmap=colours.with_extremes(bad=style.NO_DATA),
        vmin=-largest if is_signed else 0,
        vmax=largest,
        aspect="auto",
        interpolation="nearest",
    )
    if _has_numbers(matrix.shape):
        places = 2 if largest < 100 else 0
        for (row, column), value in np.ndenumerate(matrix):
            light = np.dot(image.to_rgba(value)[:3], (0.299, 0.587, 0.114))
            axes.text(
                column,
                row,
                style.number(np.round(value, places) + 0.0, places),  # No -0
                ha="center",
                va="center",
                fontsize=style.SMALL,
                color=style.INK if light > 0.5 else style.PAPER,
            )
    return image


def _label(
    axes: Axes,
    rows: Sequence[str],
    row_inks: Sequence[str],
    columns: Sequence[str],
    column_inks: Sequence[str],
) -> None:
    """Names of the rows on the left, of the columns on top."""
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(labelsize=style.LABEL, length=0, pad=4)
    axes.spines[:].set(color=style.MUTED, linewidth=0.6)
    for labels, inks in (
        (axes.get_xticklabels(), column_inks),
        (axes.get_yticklabels(), row_inks),
    ):
        for label, ink in zip(labels, inks, strict=True):
            label.set_color(ink)


def _draw_bar(axes: Axes, image: AxesImage, unit: str) -> None:
    """What the colours mean."""
    bar = axes.figure.colorbar(image, cax=axes)
    inches = axes.figure.get_figheight() * axes.get_position().height
    axes.yaxis.set_major_locator(MaxNLocator(max(1, min(5, int(inches / 0.3)))))
    bar.outline.set(edgecolor=style.MUTED, linewidth=0.6)
    axes.tick_params(
        labelsize=style.SMALL, labelcolor=style.INK, color=style.MUTED, length=2
    )
    axes.set_ylabel(unit, fontsize=style.SMALL, color=style.INK)


def _has_numbers(shape: tuple[int, int]) -> bool:
    return shape[0] <= ROWS and shape[1] <= COLUMNS


def _widest(labels: Sequence[str]) -> float:
    """Inches of the widest label."""
    return max(style.text_width(t, style.LABEL) for t in labels) / style.DPI
