"""The image that traversals start from, and its values in their rows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.mosaic import GAP, Mosaic, enlarged

MARK = 15  # Pixels below a row, with room for a mark.
MARK_SIZE = 4.5  # Points.


class Start(NamedTuple):
    """Where traversals start.

    Attributes:
      name: What is written beside it.
      image: `[H, W, C]` in [0, 1].
      reconstruction: As `image`, of its code.
      code: `[D]` mean code, in standard deviations of the prior.
    """

    name: str
    image: np.ndarray
    reconstruction: np.ndarray
    code: np.ndarray


def draw_start(mosaic: Mosaic, start: Start, top: float) -> None:
    """Draws an image and its reconstruction above the tiles, of their size.

    Args:
      mosaic: Has so much margin above its tiles.
      start: What is drawn.
      top: Pixels from there to the first row of tiles.
    """
    height, width = mosaic.tile
    for left, image in (
        (0, start.image),
        (width + GAP, start.reconstruction),
    ):
        _draw_image(mosaic, image, left, height - top)
    text = {"va": "center", "fontsize": style.LABEL}
    left, middle = 2 * (width + GAP) + 10, height / 2 - top
    mosaic.axes.text(
        left,
        middle - 12,
        f"{start.name} and its reconstruction",
        color=style.INK,
        **text,
    )
    _draw_mark(mosaic, left + 6, middle + 12, "^")
    mosaic.axes.text(
        left + 18,
        middle + 12,
        "the latent's value in its code",
        color=style.INK,
        **text,
    )


def mark_value(
    mosaic: Mosaic, row: int, value: float, values: Sequence[float]
) -> None:
    """Marks where a value lies below a row of tiles.

    One beyond the ends is an arrow that points out of the row.

    Args:
      mosaic: With `MARK` pixels below each row.
      row: Of the tiles.
      value: What is marked.
      values: Of the tiles, ascending.
    """
    x = float(np.interp(value, values, mosaic.column_centres))
    marker = "^"
    if not values[0] <= value <= values[-1]:
        marker, side = (">", 1) if value > values[-1] else ("<", -1)
        x += side * mosaic.tile[1] / 2
    y = mosaic.row_centres[row] + mosaic.tile[0] / 2 + MARK / 2
    _draw_mark(mosaic, x, y, marker)


def _draw_image(
    mosaic: Mosaic, image: np.ndarray, left: float, bottom: float
) -> None:
    """As a tile, with its lower left corner at a place on the mosaic."""
    height, width = mosaic.tile
    x, y = mosaic.axes.transData.transform((left, bottom)).round()
    across, down = mosaic.figure.bbox.size
    axes = mosaic.figure.add_axes(
        (x / across, y / down, width / across, height / down)
    )
    axes.imshow(
        enlarged(image, height // image.shape[0]),
        interpolation="nearest",
        aspect="auto",
    )
    axes.set_axis_off()


def _draw_mark(mosaic: Mosaic, x: float, y: float, marker: str) -> None:
    mosaic.axes.plot(
        x, y, marker, color=style.ACCENT, markersize=MARK_SIZE, clip_on=False
    )
