"""Images in a npy, npz or hdf5 file as rows that are read by index."""

import logging
import math
import os
import pathlib
from collections.abc import Iterator

import numpy as np

from tfdisent.data.array_blocks import StoredArray, stored_arrays
from tfdisent.data.factors_file import Factors, factors_of_table
from tfdisent.data.image_rows import ImageRows, rows_per_read
from tfdisent.data.kept_rows import kept_rows
from tfdisent.data.pictures import fitted
from tfdisent.errors import UsageError

_log = logging.getLogger(__name__)

_IMAGES = ("images", "imgs", "x")
_FACTORS = ("factors", "latents_classes", "labels")
# By so much, values may be below 0 or above 1, as sums in float32 are; it is
# too little to change a level.
_ROUNDING = 1e-6


def array_rows(
    path: pathlib.Path,
    *,
    image_size: int | None = None,
    data_dir: str | os.PathLike | None = None,
) -> tuple[ImageRows, Factors | None]:
    """Opens the images of a file, and the factors that it may hold.

    A npy file of bytes is read where it is. Other files are unpacked once.

    Args:
      path: Of the file; `load_folder` says what it may hold.
      image_size: Height and width, to crop and resize to.
      data_dir: Keeps unpacked images.

    Raises:
      UsageError: It has no images, or in another form.
      RunError: It is damaged, or the disk has no room.
    """
    with stored_arrays(path) as arrays:
        images = _images_among(arrays, path)
        shape = _checked_shape(images, path)
        factors = _factors_among(arrays, shape[0], path)
        channels = 1 if shape[3] == 1 else 3
        if image_size and shape[1:3] == (image_size, image_size):
            image_size = None
        in_place = images.offset is not None and images.dtype == np.uint8
        if in_place and shape[3] == channels and not image_size:
            rows = ImageRows(path, shape, images.offset)
            few = rows_per_read(math.prod(shape[1:]), 256)
            _check_bytes(rows[np.arange(min(few, len(rows)))], path)
            return rows, factors
        side = (image_size, image_size) if image_size else shape[1:3]

        def blocks():
            for block in _blocks(images, shape, path):
                if image_size:
                    block = np.stack([fitted(image, side) for image in block])
                yield block, np.empty((len(block), 0), np.int64)

        rows, _ = kept_rows(
            "folder",
            [path],
            blocks,
            num_images=shape[0],
            image_shape=(*side, channels),
            settings={"image_size": image_size},
            data_dir=data_dir,
        )
    return rows, factors


def _images_among(arrays: list[StoredArray], path: pathlib.Path) -> StoredArray:
    """The one called images, imgs or x, or the only one that may be it."""
    found = [array for array in arrays if len(array.shape) in (3, 4)]
    for name in _IMAGES:
        named = [array for array in found if _last(array.name) == name]
        if len(named) == 1:
            return named[0]
    if len(found) != 1:
        listed = ", ".join(
            f"{array.name or 'an array'} {list(array.shape)}"
            for array in arrays
        )
        raise UsageError(
            f"{path} holds {listed or 'no array'}; it must have one "
            "array [N, H, W] or [N, H, W, C], or one that is called images."
        )
    return found[0]


def _checked_shape(
    images: StoredArray, path: pathlib.Path
) -> tuple[int, int, int, int]:
    """Its (N, H, W, C), with a C that images have."""
    shape = (*images.shape, 1) if len(images.shape) == 3 else images.shape
    if shape[3] not in (1, 3, 4) or not math.prod(shape):
        raise UsageError(
            f"{path} has images {list(images.shape)}; they must be [N, H, W] "
            "or [N, H, W, C] with C of 1, 3 or 4, the last axis."
        )
    if images.dtype not in (np.uint8, np.bool) and images.dtype.kind != "f":
        raise UsageError(
            f"{path} has images of {images.dtype}; they must be uint8, bool, "
            "or floats from 0 to 1."
        )
    return shape


def _factors_among(
    arrays: list[StoredArray], num_images: int, path: pathlib.Path
) -> Factors | None:
    """Those called factors, latents_classes or labels, if they are integers."""
    for name in _FACTORS:
        for array in arrays:
            if _last(array.name) != name:
                continue
            whole = array.dtype.kind in "iu" and len(array.shape) in (1, 2)
            if whole and array.shape[0] == num_images:
                table = array.read().astype(np.int64).reshape(num_images, -1)
                try:
                    return factors_of_table(table, f"{array.name!r} of {path}")
                except UsageError as error:
                    # They cannot be left out of the file, but of the factors.
                    _log.warning("%s It is not read as factors.", error)
                    return None
            _log.warning(
                "%r in %s, %s %s, are no factors: they must be integers [N, K] "
                "for %d images.",
                array.name,
                path,
                array.dtype,
                list(array.shape),
                num_images,
            )
    return None


def _blocks(
    images: StoredArray, shape: tuple[int, ...], path: pathlib.Path
) -> Iterator[np.ndarray]:
    """Blocks [n, H, W, C] uint8 with a C of 1 or 3."""
    first = True
    for block in images.blocks():
        block = block.reshape(-1, *shape[1:])
        if block.dtype == np.bool:
            block = block * np.uint8(255)
        elif block.dtype != np.uint8:
            block = _from_floats(block, path)
        elif first:
            _check_bytes(block, path)
        first = False
        yield _over_white(block) if shape[3] == 4 else block


def _from_floats(block: np.ndarray, path: pathlib.Path) -> np.ndarray:
    low, high = block.min(), block.max()
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        raise UsageError(
            f"{path} has images of {block.dtype} with values from {low:.9g} to "
            f"{high:.9g}; floats must be from 0 to 1, or store uint8."
        )
    return np.rint(block.astype(np.float64) * 255).astype(np.uint8)


def _check_bytes(block: np.ndarray, path: pathlib.Path) -> None:
    if block.max() == 1:
        raise UsageError(
            f"{path} has bytes of 0 and 1 only, all but black in 0 to 255; "
            "store them as bool, or times 255."
        )


def _over_white(block: np.ndarray) -> np.ndarray:
    """round((A C + (255 - A) 255) / 255), in whole numbers."""
    alpha = block[..., 3:].astype(np.uint32)
    summed = alpha * block[..., :3] + (255 - alpha) * 255
    return ((summed + 127) // 255).astype(np.uint8)


def _last(name: str) -> str:
    return name.rpartition("/")[2].lower()
