"""Several runs side by side, on the same images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.mosaic import (
    GAP,
    Margins,
    Mosaic,
    draw_mosaic,
    tiles_width,
)

SECTION = 44  # Pixels between parts, with room for a title.
EDGE = 14
LONGEST = 24  # Characters of a label.


class Row(NamedTuple):
    """A row of images.

    Attributes:
      images: `[K, H, W, C]` in [0, 1], as many in all rows.
      name: Written on the left.
      meaning: On the right.
    """

    images: np.ndarray
    name: str
    meaning: str = ""


def comparison(parts: Sequence[tuple[str, Sequence[Row]]]) -> Figure:
    """Draws parts of rows below each other, each part under its title.

    Args:
      parts: Title and rows of each; those without rows are left out.

    Returns:
      The figure. Of names longer than 24 characters the ends are shown.
    """
    parts = [(title, rows) for title, rows in parts if rows]
    rows = [row for _, of_part in parts for row in of_part]
    gaps = [
        gap
        for _, of_part in parts
        for gap in (*[GAP] * (len(of_part) - 1), SECTION)
    ]
    names = [_end(row.name) for row in rows]
    images = np.stack([row.images for row in rows])
    widest = max(style.text_width(t, style.HEADING) for t, _ in parts)
    margins = Margins(
        left=_room(names),
        right=max(
            _room([row.meaning for row in rows]),
            EDGE + round(widest) - tiles_width(images),
        ),
        top=SECTION,
        bottom=EDGE,
    )
    mosaic = draw_mosaic(images, margins, gaps=gaps[:-1])
    right = mosaic.axes.get_xlim()[1] + 12
    for y, row, name in zip(mosaic.row_centres, rows, names, strict=True):
        _write(mosaic, -12, y, name, ha="right", va="center")
        _write(mosaic, right, y, row.meaning, va="center")
    firsts = np.cumsum([0, *(len(of_part) for _, of_part in parts[:-1])])
    for (title, _), first in zip(parts, firsts, strict=True):
        top = mosaic.row_centres[first] - mosaic.tile[0] / 2
        _write(mosaic, 0, top - 11, title, fontsize=style.HEADING)
    return mosaic.figure


def _write(mosaic: Mosaic, x: float, y: float, text: str, **looks) -> None:
    looks = {"fontsize": style.LABEL, "color": style.INK, **looks}
    mosaic.axes.text(x, y, text, **looks)


def _end(name: str) -> str:
    """The end of each line: that is where names of runs differ."""
    return "\n".join(
        line if len(line) <= LONGEST else f"…{line[1 - LONGEST :]}"
        for line in name.split("\n")
    )


def _room(texts: Sequence[str]) -> int:
    """Pixels of margin that the widest text takes."""
    widest = max(style.text_width(text, style.LABEL) for text in texts)
    return round(widest) + 26
