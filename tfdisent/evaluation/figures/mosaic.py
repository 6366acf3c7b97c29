"""Images as tiles on a figure, one screen pixel for one picture element."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style

GAP = 4  # Pixels between tiles.
AIMED_WIDTH = 880  # Pixels of all tiles of a row together.
LEAST_TILE = 48  # Pixels; two lines of label fit beside such a tile.


class Margins(NamedTuple):
    """Pixels around the tiles."""

    left: int
    right: int
    top: int
    bottom: int


class Mosaic(NamedTuple):
    """A figure of tiles. The data coordinates of `axes` are its pixels."""

    figure: Figure
    axes: Axes
    row_centres: np.ndarray  # [R]
    column_centres: np.ndarray  # [K]
    tile: tuple[int, int]  # Height and width of a tile.


def draw_mosaic(
    images: np.ndarray, margins: Margins, gaps: int | Sequence[int] = GAP
) -> Mosaic:
    """Draw a grid of images.

    Tiles are enlarged by a whole number, so that no pixel is blurred.

    Args:
      images: [R, K, H, W, C] in [0, 1] with C = 1 or 3; values outside are
        clipped, NaN is drawn in grey.
      margins: Space for labels.
      gaps: Pixels between rows, the same or [R - 1].

    Returns:
      The figure, its only axes, and where the tiles are.

    Raises:
      UsageError: `images` is no such array.
    """
    images = np.asarray(images, np.float32)
    if images.ndim != 5 or images.shape[-1] not in (1, 3) or not images.size:
        raise UsageError(
            f"Tiles have the shape {list(images.shape)}; give images as "
            "[rows, columns, height, width, channels] with 1 or 3 channels."
        )
    rows, columns, height, width, _ = images.shape
    scale = tile_scale(columns, height, width)
    tile = (height * scale, width * scale)
    gaps = np.broadcast_to(gaps, rows - 1)
    tops = np.cumsum([0, *(gaps + tile[0])])
    tiles = _join(images, scale, tops)
    figure, axes = _pixel_axes(tiles.shape[1], tiles.shape[0], margins)
    axes.imshow(
        tiles,
        extent=(0, tiles.shape[1], tiles.shape[0], 0),
        interpolation="nearest",
        aspect="auto",
    )
    axes.autoscale(False)  # What is drawn beside the tiles moves none.
    return Mosaic(
        figure,
        axes,
        row_centres=tops + tile[0] / 2,
        column_centres=np.arange(columns) * (tile[1] + GAP) + tile[1] / 2,
        tile=tile,
    )


def tile_scale(columns: int, height: int, width: int) -> int:
    """How often `draw_mosaic` repeats the pixels of [H, W] images."""
    return max(
        round(AIMED_WIDTH / (columns * (width + GAP))),
        -(-LEAST_TILE // height),
    )


def tiles_width(images: np.ndarray) -> int:
    """Pixels that a row of images [R, K, H, W, C] takes."""
    _, columns, height, width, _ = images.shape
    scale = tile_scale(columns, height, width)
    return columns * (width * scale + GAP) - GAP


def enlarged(images: np.ndarray, scale: int) -> np.ndarray:
    """Images [..., H, W, C] as colours [..., sH, sW, 3] in [0, 1]."""
    images = np.clip(np.nan_to_num(images, nan=0.5), 0, 1)
    images = images.repeat(scale, axis=-3).repeat(scale, axis=-2)
    return np.broadcast_to(images, (*images.shape[:-1], 3))


def _join(images: np.ndarray, scale: int, tops: np.ndarray) -> np.ndarray:
    """[R, K, H, W, C] -> [tops[-1] + sH, K (sW + GAP) - GAP, 3]."""
    images = enlarged(images, scale)
    _, columns, height, width, _ = images.shape
    pitch = width + GAP
    shape = (tops[-1] + height, columns * pitch - GAP, 3)
    joined = np.ones(shape, np.float32)
    for row, top in zip(images, tops, strict=True):
        for column, image in enumerate(row):
            left = column * pitch
            joined[top : top + height, left : left + width] = image
    return joined


def _pixel_axes(
    width: int, height: int, margins: Margins
) -> tuple[Figure, Axes]:
    """Axes of exactly `width` by `height` pixels within `margins`."""
    figure, axes = style.new_axes(
        (margins.left + width + margins.right) / style.DPI,
        (margins.bottom + height + margins.top) / style.DPI,
        **{name: n / style.DPI for name, n in margins._asdict().items()},
    )
    axes.set_axis_off()
    return figure, axes
