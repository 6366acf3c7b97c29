"""Rows of panels: the mean activation of latents against factors."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from tfdisent.evaluation.figures import style

UNIT = {
    "ylabel": "mean z",
    "fontsize": style.SMALL,
    "color": style.INK,
    "labelpad": 2,
}


def draw_maps(row: Sequence[Axes], mean: np.ndarray, limit: float) -> None:
    """Draw one map per latent, as on the screen: x to the right, y down.

    Args:
      row: [D] empty axes.
      mean: [x, y, D] mean activations; NaN is left grey.
      limit: The activations at the two ends of the colours, +-limit.
    """
    for latent, axes in enumerate(row):
        axes.imshow(
            mean[..., latent].T,
            cmap=style.DIVERGING_COLOURS,
            vmin=-limit,
            vmax=limit,
            interpolation="nearest",
            aspect="auto",
        )
        axes.set_facecolor(style.NO_DATA)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(color=style.MUTED, linewidth=0.6)
    _draw_colour_bar(row[-1], limit)


def draw_curves(row: Sequence[Axes], mean: np.ndarray, limit: float) -> None:
    """Draw one panel per latent, with one line per shape.

    Args:
      row: [D] empty axes.
      mean: [values, D] or [shapes, values, D]; NaN leaves a gap.
      limit: The largest activation, for the ends of the axis.
    """
    for latent, axes in enumerate(row):
        style.dress(axes)
        axes.axhline(0, color=style.GRID, linewidth=0.8, zorder=0)
        curves = np.atleast_2d(mean[..., latent])
        for index, curve in enumerate(curves):
            axes.plot(curve, **line_style(index, len(curves), curve.size))
        axes.set_ylim(-1.08 * limit, 1.08 * limit)
        axes.margins(x=0.06)
        axes.set(xticks=[], yticks=ticks(limit))
        axes.tick_params(labelleft=axes is row[0])
    row[0].set_ylabel(**UNIT)


def line_style(index: int, count: int, points: int) -> dict:
    """Looks of line `index` of `count` lines through so many points."""
    if count == 1:
        return {"color": style.INK, "linewidth": 1.1}
    colours, markers = style.CATEGORY_COLOURS, style.CATEGORY_MARKERS
    return {
        "color": colours[index % len(colours)],
        "marker": markers[index % len(markers)],
        "linewidth": 1.1,
        # The first are drawn first and largest, to show below the last.
        "markersize": 2.4 + 0.7 * (count - 1 - index),
        "markeredgewidth": 0,
        # A few markers per line, shifted so that they do not hide each other.
        "markevery": (index, max(1, points // 6)) if points > 8 else 1,
    }


def ticks(limit: float) -> list[float]:
    """Zero and a round number below `limit` on either side of it."""
    power = 10.0 ** np.floor(np.log10(limit))
    tick = power * max((n for n in (2, 5) if n * power <= limit), default=1)
    return [-tick, 0, tick]


def _draw_colour_bar(axes: Axes, limit: float) -> None:
    """To the right of the last map, of the same size at any width."""
    inches = axes.bbox.width / style.DPI
    bar = axes.inset_axes((1 + 0.08 / inches, 0, 0.05 / inches, 1))
    colours = ScalarMappable(Normalize(-limit, limit), style.DIVERGING_COLOURS)
    axes.figure.colorbar(colours, cax=bar, ticks=ticks(limit))
    style.dress(bar)
    bar.spines[:].set_visible(False)
    bar.set_ylabel(**UNIT)
