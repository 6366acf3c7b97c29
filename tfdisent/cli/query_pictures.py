"""Pictures that bin/query sends, and those that it writes."""

import pathlib
from collections.abc import Sequence

import numpy as np

from tfdisent.data.pictures import read_picture
from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.mosaic import Margins, draw_mosaic
from tfdisent.evaluation.figures.save_figure import save_figure

_MODES = {1: "L", 3: "RGB"}
_EDGE = 14  # Pixels around the tiles, and
_LABELS = 34  # above them if they have labels.


def read_images(
    paths: Sequence[str], shape: Sequence[int | None], resize: bool
) -> np.ndarray:
    """Reads pictures as a model takes them; colours become grey if it does.

    Args:
      paths: of the files.
      shape: (H, W, C) of the model's images.
      resize: fit pictures of another size: their centre is cropped to the
        model's proportions and resized.

    Returns:
      [B, H, W, C] uint8.

    Raises:
      UsageError: a picture has another size, or the model's images are none.
      RunError: a file is no picture.
    """
    height, width, channels = shape
    if channels not in _MODES:
        raise UsageError(
            f"the model's images have {channels} channels; pictures have 1 or "
            "3."
        )
    size = (height, width) if resize else None
    images = [
        read_picture(path, mode=_MODES[channels], size=size) for path in paths
    ]
    for path, image in zip(paths, images, strict=True):
        if image.shape[:2] != (height, width):
            found = f"{image.shape[1]}x{image.shape[0]}"
            raise UsageError(
                f"{path} has {found} pixels and the model's images have "
                f"{width}x{height}; --resize fits it."
            )
    return np.stack(images)


def write_rows(
    images: np.ndarray, path: pathlib.Path, labels: Sequence[float] = ()
) -> pathlib.Path:
    """Writes images [R, K, H, W, C] in [0, 1] as a PNG file of K columns.

    Args:
      images: are enlarged by a whole number.
      path: of the file, which is replaced.
      labels: [K] numbers to write above the columns.

    Returns:
      The path.

    Raises:
      UsageError: the images are no pictures.
      RunError: the file cannot be written.
    """
    top = _LABELS if labels else _EDGE
    mosaic = draw_mosaic(images, Margins(_EDGE, _EDGE, top, _EDGE))
    for x, value in zip(mosaic.column_centres, labels, strict=False):
        mosaic.axes.text(
            *(x, -9, style.number(value)),
            fontsize=style.LABEL,
            color=style.INK,
            ha="center",
        )
    save_figure(mosaic.figure, path)
    return path


def write_grid(images: np.ndarray, path: pathlib.Path) -> pathlib.Path:
    """Writes images [B, H, W, C] as a square of pictures, as `write_rows`.

    Returns:
      The path.

    Raises:
      UsageError: the images are no pictures.
      RunError: the file cannot be written.
    """
    columns = int(np.ceil(np.sqrt(len(images))))
    rows = -(-len(images) // columns)
    tiles = np.ones((rows * columns, *images.shape[1:]), np.float32)
    tiles[: len(images)] = images
    return write_rows(tiles.reshape(rows, columns, *images.shape[1:]), path)
