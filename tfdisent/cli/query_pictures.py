"""Pictures that bin/query sends, and those that it writes."""

import io
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfdisent.data.pictures import read_picture
from tfdisent.errors import RunError, UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.mosaic import Margins, Mosaic, draw_mosaic
from tfdisent.evaluation.figures.save_figure import save_figure
from tfdisent.files import whole_file

_MODES = {1: "L", 3: "RGB"}
_EDGE = 14  # Pixels around the tiles, and
_LABELS = 34  # above them if they have labels.
_BESIDE = 12  # Pixels between tiles and labels.
_LONGEST = 2**15  # Pixels of a sheet that programs still show.


class Labels(NamedTuple):
    """What is written around rows of pictures.

    Attributes:
      columns: a number above each, or none at all.
      left: a text beside each row, or none at all.
      right: as left.
    """

    columns: Sequence[float] = ()
    left: Sequence[str] = ()
    right: Sequence[str] = ()


_NO_LABELS = Labels()


def check_output(path: pathlib.Path) -> None:
    """Refuses a file that pictures cannot be written to.

    Raises:
      UsageError: it has another ending than .png, or its folder is missing.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"--output={path} must end in .png.")
    if not path.parent.is_dir():
        raise UsageError(
            f"--output={path} is in no folder; make {path.parent} or give one "
            "that exists."
        )


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
    images: np.ndarray, path: pathlib.Path, labels: Labels = _NO_LABELS
) -> None:
    """Writes images [R, K, H, W, C] in [0, 1] as a PNG file of K columns.

    Args:
      images: are enlarged by a whole number.
      path: of the file, which is replaced.
      labels: that stand around them.

    Raises:
      UsageError: the images are no pictures, or too many.
      RunError: the file cannot be written.
    """
    sides = [_room(labels.left), _room(labels.right)]
    top = _LABELS if len(labels.columns) else _EDGE
    mosaic = draw_mosaic(images, Margins(*sides, top, _EDGE))
    width, height = mosaic.figure.get_size_inches() * style.DPI
    if max(width, height) > _LONGEST:
        raise UsageError(
            f"a sheet of {width:.0f}x{height:.0f} pixels is too large; ask for "
            "fewer pictures, or give --plain."
        )
    label_columns(mosaic, labels.columns)
    right = mosaic.axes.get_xlim()[1] + _BESIDE
    _label_rows(mosaic, labels.left, x=-_BESIDE, ha="right")
    _label_rows(mosaic, labels.right, x=right, ha="left")
    save_figure(mosaic.figure, path)


def write_grid(images: np.ndarray, path: pathlib.Path) -> None:
    """Writes images [B, H, W, C] as a square of pictures, as `write_rows`.

    Raises:
      UsageError: the images are no pictures, or too many.
      RunError: the file cannot be written.
    """
    columns = int(np.ceil(np.sqrt(len(images))))
    rows = -(-len(images) // columns)
    tiles = np.ones((rows * columns, *images.shape[1:]), np.float32)
    tiles[: len(images)] = images
    write_rows(tiles.reshape(rows, columns, *images.shape[1:]), path)


def write_plain(images: np.ndarray, path: pathlib.Path) -> list[pathlib.Path]:
    """Writes each image as a PNG file of its own size.

    Args:
      images: [B, H, W, C] in [0, 1]; NaN becomes black.
      path: after which the files are named, as sample-0.png for sample.png.

    Returns:
      The paths.

    Raises:
      UsageError: the images are no pictures.
      RunError: a file cannot be written.
    """
    if images.ndim != 4 or images.shape[-1] not in _MODES:
        raise UsageError(
            f"the model's images have the shape {list(images.shape[1:])}; "
            "pictures have 1 or 3 channels."
        )
    levels = np.rint(np.clip(np.nan_to_num(images), 0, 1) * 255)
    levels = levels.astype(np.uint8)
    paths = []
    for number, image in enumerate(levels):
        paths.append(path.with_stem(f"{path.stem}-{number}"))
        grey_or_rgb = image[..., 0] if image.shape[-1] == 1 else image
        content = io.BytesIO()
        Image.fromarray(grey_or_rgb).save(content, "PNG")
        _write(paths[-1], content.getbuffer())
    return paths


def short(value: float) -> str:
    """A number with at most 2 decimals, for a picture."""
    return style.number(round(float(value), 2) + 0.0)  # -0 becomes 0


def _write(path: pathlib.Path, content: memoryview) -> None:
    try:
        with whole_file(path) as file:
            file.write(content)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror}."
        ) from error


def _room(texts: Sequence[str]) -> int:
    """Pixels of margin that the widest label takes."""
    widths = [style.text_width(x, style.LABEL) for x in texts if x]
    return round(max(widths)) + _BESIDE + _EDGE if widths else _EDGE


def label_columns(mosaic: Mosaic, values: Sequence[float]) -> None:
    """Writes as many of the numbers as fit beside each other."""
    if not len(values):
        return
    texts = [short(value) for value in values]
    widest = max(style.text_width(x, style.LABEL) for x in texts) + _BESIDE
    pitch = mosaic.axes.get_xlim()[1] / len(values)
    step = int(np.ceil(widest / pitch))
    centres = mosaic.column_centres[::step]
    for x, text in zip(centres, texts[::step], strict=True):
        mosaic.axes.text(
            *(x, -9, text), fontsize=style.LABEL, color=style.INK, ha="center"
        )


def _label_rows(mosaic: Mosaic, texts: Sequence[str], x: float, ha: str):
    for y, text in zip(mosaic.row_centres, texts, strict=False):
        mosaic.axes.text(
            *(x, y, text),
            fontsize=style.LABEL,
            color=style.INK,
            ha=ha,
            va="center",
        )
