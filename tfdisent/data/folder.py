"""Images of one's own: a folder of pictures, or an array in a file."""

import os
import pathlib

import numpy as np

from tfdisent.data import array_blocks, pictures
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.factors_file import Factors, read_factors
from tfdisent.data.folder_arrays import array_rows
from tfdisent.data.folder_pictures import files_below, picture_rows
from tfdisent.data.image_rows import ImageRows
from tfdisent.data.pictures_blocks import left_out
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import UsageError
from tfdisent.files import check_utf8

_IMAGES_PER_HASH = 256


def load_folder(
    *,
    path: str,
    factors_file: str | None = None,
    image_size: int | None = None,
    skip_unreadable: bool = False,
    data_dir: str | None = None,
) -> FactorDataset:
    """Loads images of your own: a folder of pictures, or npy, npz or hdf5.

    Pictures are PNG, JPEG, BMP, WebP, PGM or PPM, in the natural order of their
    paths, sub-folders included; `read_picture` says how they are decoded. All
    grey ones stay grey; if some are in colour, all become RGB, and a warning
    says so.

    An array is [N, H, W] or [N, H, W, C] with C of 1, 3 or 4 (transparent shows
    white), of uint8, bool, or floats from 0 to 1, which are rounded to 8 bits.
    In npz and hdf5 it is called images, imgs or x, or is the only one of that
    rank. Integers [N, K] called factors, latents_classes or labels are the
    factors, unless a CSV file has them.

    Pictures, packed arrays and floats are unpacked once and found again by the
    paths, sizes and times of the files.

    Args:
      path: The folder or file; or a folder with one file, without pictures.
      factors_file: CSV, see `read_factors`; the folder's factors.csv by
        default. Without one, and without factors in the file, none is known.
      image_size: Height and width, up to 1024, to which the square in the
        centre of each image is made smaller or larger. Needed if pictures have
        several sizes.
      skip_unreadable: Leave out pictures that cannot be read, with a warning.
      data_dir: Keeps unpacked images; ~/.cache/tfdisent by default.

    Raises:
      UsageError: There are no images; the path is not UTF-8; sizes differ or
        are too large; an array has another type or shape, or values that are no
        images; the CSV does not fit.
      RunError: Pictures cannot be read or a file is damaged; the first ten are
        named. Or the disk has no room.
    """
    if image_size is not None:
        pictures.check_image_size(image_size)
    check_utf8(path)
    root = pathlib.Path(path).expanduser()
    names, file = _found(root)
    default = root / "factors.csv"
    if not factors_file and root.is_dir() and default.is_file():
        factors_file = str(default)
    if names:
        rows, factors = _of_pictures(
            root, names, factors_file, image_size, skip_unreadable, data_dir
        )
    else:
        rows, factors = array_rows(
            file, image_size=image_size, data_dir=data_dir
        )
        if factors_file:
            factors = read_factors(factors_file, num_images=len(rows))
    known = f"; {factors.summary()}" if factors else ""
    return RowsDataset(
        rows,
        factors.table if factors else np.empty((len(rows), 0), np.int64),
        name="folder",
        provenance=f"user files: {path} ({_summary(rows, file)}{known})",
        factor_names=factors.names if factors else (),
        value_names=factors.value_names if factors else None,
    )


def _of_pictures(
    root: pathlib.Path,
    names: list[str],
    factors_file: str | None,
    image_size: int | None,
    skip_unreadable: bool,
    data_dir: str | None,
) -> tuple[ImageRows, Factors | None]:
    # The table first: it takes a moment, and pictures may take an hour.
    factors = factors_file and read_factors(
        factors_file, num_images=len(names), pictures=names
    )
    rows, positions = picture_rows(
        root,
        names,
        image_size=image_size,
        skip_unreadable=skip_unreadable,
        data_dir=data_dir,
    )
    return rows, factors.of(positions) if factors else None


def _found(root: pathlib.Path) -> tuple[list[str], pathlib.Path | None]:
    """The pictures in a folder, or the file with an array."""
    # Not root.exists(), which raises an OSError if the name is too long.
    if not os.path.exists(root):
        raise UsageError(
            f"folder:{root} does not exist; give a folder of pictures, or a "
            f"file {', '.join(array_blocks.SUFFIXES)}."
        )
    if root.is_dir():
        suffixes = (*pictures.SUFFIXES, *array_blocks.SUFFIXES)
        files = files_below(root, suffixes)
        names = [f for f in files if f.lower().endswith(pictures.SUFFIXES)]
        if not names and len(files) != 1:
            raise UsageError(
                f"{root} has no picture ({', '.join(pictures.SUFFIXES)}) and "
                f"{len(files)} files {', '.join(array_blocks.SUFFIXES)}, not "
                "one; give a folder of pictures, or the path of such a file."
            )
        return names, None if names else root / files[0]
    if not root.name.lower().endswith(array_blocks.SUFFIXES):
        raise UsageError(
            f"folder:{root} is a file; give a folder of pictures, or a file "
            f"{', '.join(array_blocks.SUFFIXES)}."
        )
    return [], root


def _summary(rows: ImageRows, file: pathlib.Path | None) -> str:
    """The hash of all images if they were unpacked, or else of some."""
    number = f"{len(rows):,} images"
    if rows.path != file:
        digest = rows.about["sha256"][:8]
        skipped = left_out(rows)
        return f"{number}, sha256 {digest} of the decoded images{skipped}"
    some = np.linspace(0, len(rows) - 1, min(len(rows), _IMAGES_PER_HASH))
    digest = rows.sha256(some.astype(np.int64))[:8]
    return f"{number}, sha256 {digest} of {len(some)} of them"
