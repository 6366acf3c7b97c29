"""What stands above and below the columns of panels: names and numbers."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.panels import MARGIN, Panels


def title_columns(
    row: Sequence[Axes], latents: Sequence[int], inks: Sequence[str]
) -> None:
    """Writes the names of the latents above the panels of a row."""
    for axes, latent, ink in zip(row, latents, inks, strict=True):
        axes.set_title(
            f"z{latent}",
            fontsize=style.HEADING,
            weight="bold",
            color=ink,
            pad=4,
        )


def draw_bars(
    panels: Panels,
    values: Sequence[float],
    inks: Sequence[str],
    *,
    least: float,
) -> None:
    """Draws bars below the columns, each with its number.

    Args:
      panels: Their foot is drawn in.
      values: [D] heights, NaN for none.
      inks: [D] colours of the numbers.
      least: Bars that are all lower are not enlarged to full height.
    """
    axes, heights = panels.foot, np.nan_to_num(values)
    axes.bar(panels.centres, heights, 0.6 * panels.width, color=style.ACCENT)
    for place, value, ink in zip(
        zip(panels.centres, heights, strict=True), values, inks, strict=True
    ):
        _note(axes, style.number(value, 2), place, 2, ink)
    style.dress(axes)
    axes.spines["left"].set_visible(False)
    axes.set(xticks=[], yticks=[])
    axes.set_ylim(0, 1.3 * max(heights.max(), least))


def write_numbers(
    panels: Panels, label: str, values: Sequence[float], inks: Sequence[str]
) -> None:
    """Writes what they are and numbers [D] below the bars."""
    for x, value, ink in zip(panels.centres, values, inks, strict=True):
        _note(panels.foot, style.number(value, 2), (x, 0), -10, ink)
    panels.foot.annotate(
        label,
        (MARGIN, 0),
        (0, -10),
        textcoords="offset points",
        annotation_clip=False,
        fontsize=style.LABEL,
        color=style.INK,
    )


def _note(
    axes: Axes, text: str, place: tuple[float, float], rise: float, ink: str
) -> None:
    """Centred text, `rise` points above a place."""
    axes.annotate(
        text,
        place,
        (0, rise),
        textcoords="offset points",
        ha="center",
        fontsize=style.SMALL,
        color=ink,
    )
