"""Reads 3D Shapes from its published file, 3dshapes.h5.

    images    [480000, 64, 64, 3] uint8, compressed
    labels    [480000, 6] float64, in the order of the factors

Random access to compressed images is slow, so they are unpacked once.
"""

import hashlib
import math
import pathlib

import numpy as np

from tfdisent.data.array_blocks import StoredArray, stored_arrays
from tfdisent.data.image_rows import ImageRows
from tfdisent.data.kept_rows import kept_rows
from tfdisent.data.shapes3d_renderer import FACTOR_SIZES, IMAGE_SHAPE
from tfdisent.errors import RunError, UsageError

# Of the published file, as TFDS lists it.
_SHA256 = "0a0f6ed98baff276a50f3a081a7434d788da63cb135a98189b2a5b5769be1785"


def open_images(
    path: pathlib.Path, data_dir: str | None = None
) -> tuple[ImageRows, np.ndarray, str]:
    """Opens the images of the file; the first time, unpacks and checks them.

    That takes some minutes, with a bar, and 5.9 GB of disk. The hash decides
    whether the file is called the original.

    Args:
      path: The published file, under any name.
      data_dir: Keeps the unpacked images; ~/.cache/tfdisent by default.

    Returns:
      The images, their factors [480000, 6] int64, and the provenance.

    Raises:
      UsageError: There is no such file, or it is no such format.
      RunError: It is damaged or is not 3D Shapes, or the disk has no room.
    """
    if not path.is_file():
        raise UsageError(
            f"--data_file={path} is not a file; give the path of 3dshapes.h5, "
            "or leave the flag out to draw look-alikes."
        )
    num_images = math.prod(FACTOR_SIZES)
    rows, factors = kept_rows(
        "shapes3d_file",
        [path],
        lambda: _blocks(path),
        num_images=num_images,
        image_shape=IMAGE_SHAPE,
        data_dir=data_dir,
    )
    return rows, factors, _describe(path)


def _blocks(path: pathlib.Path):
    """Yields images [n, 64, 64, 3] and their factors [n, 6]."""
    order = np.indices(FACTOR_SIZES).reshape(len(FACTOR_SIZES), -1).T
    with stored_arrays(path) as stored:
        arrays = {array.name: array for array in stored}
        images = _find(arrays, "images", (len(order), *IMAGE_SHAPE), path)
        labels = _find(arrays, "labels", order.shape, path)
        if images.dtype != np.uint8:
            raise RunError(
                f"{path} has images of {images.dtype} and 3dshapes.h5 has "
                "uint8; fetch the file again."
            )
        _check_order(labels.read(), order, path)
        start = 0
        for block in images.blocks():
            yield block, order[start : start + len(block)]
            start += len(block)


def _find(
    arrays: dict[str, StoredArray],
    name: str,
    shape: tuple[int, ...],
    path: pathlib.Path,
) -> StoredArray:
    if name not in arrays or arrays[name].shape != shape:
        held = ", ".join(f"{a.name} {a.shape}" for a in arrays.values())
        raise RunError(
            f"{path} holds {held or 'nothing'}, and 3dshapes.h5 holds "
            f"{name} {shape}; fetch the file again."
        )
    return arrays[name]


def _check_order(
    labels: np.ndarray, order: np.ndarray, path: pathlib.Path
) -> None:
    """Each label must grow with its factor, and depend on no other."""
    for k, size in enumerate(FACTOR_SIZES):
        # Images 0, stride, 2 stride, ... have the values of factor k.
        stride = math.prod(FACTOR_SIZES[k + 1 :])
        values = labels[: size * stride : stride, k]
        if not (
            np.all(np.diff(values) > 0)
            and np.array_equal(labels[:, k], values[order[:, k]])
        ):
            raise RunError(
                f"{path} does not hold the images of 3D Shapes in their "
                f"published order: its labels of column {k} are others; fetch "
                "the file again."
            )


def _describe(path: pathlib.Path) -> str:
    """Names the file, as the original if its hash is known."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 == _SHA256:
        return f"original h5 (sha256 {sha256[:8]})"
    return f"file of unknown hash {path.name} (sha256 {sha256[:8]})"
