"""Images as tiles on a figure, one screen pixel for one picture element."""

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


def draw_mosaic(images: np.ndarray, margins: Margins) -> Mosaic:
    """Draw a grid of images.

    Tiles are enlarged by a whole number, so that no pixel is blurred.

    Args:
      images: [R, K, H, W, C] in [0, 1] with C = 1 or 3; values outside are
        clipped, NaN is drawn in grey.
      margins: Space for labels.

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
    scale = max(
        round(AIMED_WIDTH / (columns * (width + GAP))),
        -(-LEAST_TILE // height),
    )
    tiles = _join(images, scale)
    figure, axes = _pixel_axes(tiles.shape[1], tiles.shape[0], margins)
    axes.imshow(
        tiles,
        extent=(0, tiles.shape[1], tiles.shape[0], 0),
        interpolation="nearest",
        aspect="auto",
    )
    return Mosaic(
        figure,
        axes,
        row_centres=_centres(rows, height * scale),
        column_centres=_centres(columns, width * scale),
    )


def _join(images: np.ndarray, scale: int) -> np.ndarray:
    """[R, K, H, W, C] -> [R (sH + GAP) - GAP, K (sW + GAP) - GAP, 3]."""
    images = np.clip(np.nan_to_num(images, nan=0.5), 0, 1)
    images = images.repeat(scale, axis=2).repeat(scale, axis=3)
    images = np.broadcast_to(images, (*images.shape[:-1], 3))
    rows, columns, height, width, _ = images.shape
    framed = np.ones((rows, columns, height + GAP, width + GAP, 3), np.float32)
    framed[:, :, :height, :width] = images
    joined = framed.swapaxes(1, 2)
    joined = joined.reshape(rows * (height + GAP), columns * (width + GAP), 3)
    return joined[:-GAP, :-GAP]


def _pixel_axes(
    width: int, height: int, margins: Margins
) -> tuple[Figure, Axes]:
    """Axes of exactly `width` by `height` pixels within `margins`."""
    full_width = margins.left + width + margins.right
    full_height = margins.bottom + height + margins.top
    figure = style.new_figure(full_width / style.DPI, full_height / style.DPI)
    axes = figure.add_axes(
        (
            margins.left / full_width,
            margins.bottom / full_height,
            width / full_width,
            height / full_height,
        )
    )
    axes.set_axis_off()
    return figure, axes


def _centres(count: int, size: int) -> np.ndarray:
    """Middles of `count` tiles of `size` pixels."""
    return np.arange(count) * (size + GAP) + size / 2
