"""Faces: the Basel model's in 3D, and the Olivetti photographs."""

import contextlib
import math
import pathlib
from collections.abc import Iterator

import numpy as np

from tfdisent.data import archives
from tfdisent.data.archived_pictures import kept_pictures
from tfdisent.data.array_blocks import StoredArray, stored_arrays
from tfdisent.data.kept_rows import kept_rows
from tfdisent.data.pictures_blocks import left_out
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import UsageError
from tfdisent.torch_file import load_torch_file

_IMAGE_SHAPE = (64, 64, 1)
_BASEL_FACTORS = ("identity", "azimuth", "elevation", "lighting")
_BASEL_SIZES = (50, 21, 11, 11)
_OLIVETTI_SIZES = (40, 10)


def load_faces_basel(
    *, data_file: str | None = None, data_dir: str | None = None
) -> RowsDataset:
    """3D Faces: 127,050 drawn faces with 4 factors, from their file.

    The grid of Chen et al. (2018): identity (50), azimuth (21), elevation (11)
    and lighting (11), drawn with the Basel Face Model (Paysan et al., 2009),
    whose licence forbids to pass the images on: have them from the authors, or
    draw your own.

    Args:
      data_file: basel_face_renders.pth, as PyTorch before 1.6 wrote it; or a
        npy, npz or hdf5 file with such an array: uint8 [50, 21, 11, 11, 64, 64]
        or [127050, 64, 64], with or without an axis of 1 for the channel.
      data_dir: Keeps the unpacked images (520 MB); ~/.cache/tfdisent by
        default.

    Raises:
      UsageError: No file is given, or it holds something else.
      RunError: The file is damaged.

    References:
      Chen et al. (2018), "Isolating Sources of Disentanglement in VAEs".
      https://github.com/rtqichen/beta-tcvae
      Paysan et al. (2009), "A 3D Face Model for Pose and Illumination
      Invariant Face Recognition". https://faces.dmi.unibas.ch/bfm
    """
    path = archives.given_path(
        data_file,
        "give basel_face_renders.pth, or a npy, npz or hdf5 file with these "
        "images, which the authors of https://github.com/rtqichen/beta-tcvae "
        "may not publish",
    )
    factors = np.indices(_BASEL_SIZES).reshape(4, -1).T

    def blocks():
        start = 0
        for images in _grid_blocks(path):
            yield images, factors[start : start + len(images)]
            start += len(images)

    rows, factors = kept_rows(
        "faces_basel",
        [path],
        blocks,
        num_images=len(factors),
        image_shape=_IMAGE_SHAPE,
        data_dir=data_dir,
    )
    return RowsDataset(
        rows,
        factors,
        name="faces_basel",
        provenance=archives.origin(path, rows),
        factor_names=_BASEL_FACTORS,
        factor_sizes=_BASEL_SIZES,
    )


def load_faces_olivetti(
    *,
    data_file: str | None = None,
    skip_unreadable: bool = False,
    data_dir: str | None = None,
) -> RowsDataset:
    """Olivetti faces of AT&T: 400 photographs of 40 people, from their file.

    The factors are person (40) and shot (10); nothing is known of how a shot
    differs from the next, and shots of the same number have nothing in common.
    The square in the centre of 92x112 is resized to 64x64, by Pillow's bicubic
    interpolation, in grey.

    Args:
      data_file: att_faces.zip, or the folder that it unpacks to, with s1/1.pgm
        to s40/10.pgm.
      skip_unreadable: Leave out pictures that cannot be decoded.
      data_dir: Keeps the unpacked images; ~/.cache/tfdisent by default.

    Raises:
      UsageError: No file is given.
      RunError: What is found there is damaged or is something else.

    References:
      Samaria and Harter (1994), "Parameterisation of a Stochastic Model for
      Human Face Identification".
      https://cam-orl.co.uk/facedatabase.html
    """
    path = archives.given_path(
        data_file,
        "give att_faces.zip from https://cam-orl.co.uk/facedatabase.html, or "
        "the folder that it unpacks to",
    )
    rows, factors = kept_pictures(
        "faces_olivetti",
        path,
        pattern=r"s(40|[1-3]?[1-9]|[1-3]0)/(10|[1-9])\.pgm",
        count=math.prod(_OLIVETTI_SIZES),
        picture_size=(112, 92),
        factors_of=lambda matches: np.array(
            [(int(match[1]) - 1, int(match[2]) - 1) for match in matches]
        ),
        image_shape=_IMAGE_SHAPE,
        skip_unreadable=skip_unreadable,
        data_dir=data_dir,
    )
    source = archives.origin(path, rows)
    return RowsDataset(
        rows,
        factors,
        name="faces_olivetti",
        provenance=f"{source}{left_out(rows)}, centre of 92x92",
        factor_names=("person", "shot"),
        factor_sizes=_OLIVETTI_SIZES,
    )


def _grid_blocks(path: pathlib.Path) -> Iterator[np.ndarray]:
    """Yields the images [n, 64, 64, 1] of the first array that fits.

    Raises:
      UsageError: None does.
      RunError: The file is damaged.
    """
    size = list(_IMAGE_SHAPE[:2])
    forms = [math.prod(_BASEL_SIZES), *size], [*_BASEL_SIZES, *size]
    with _opened(path) as arrays:
        for array in arrays:
            form = [length for length in array.shape if length != 1]
            if array.dtype == np.uint8 and form in forms:
                for block in array.blocks():
                    yield block.reshape(-1, *_IMAGE_SHAPE)
                return
    found = ", ".join(f"{a.dtype} {list(a.shape)}" for a in arrays)
    raise UsageError(
        f"{path} holds {found or 'no array'}, and the faces are uint8 "
        f"{forms[1]}; give such a file."
    )


@contextlib.contextmanager
def _opened(path: pathlib.Path) -> Iterator[list[StoredArray]]:
    with path.open("rb") as file:
        is_pickle = file.read(1) == b"\x80"
    if is_pickle:  # As PyTorch's files are.
        yield [
            StoredArray(name, array.shape, array.dtype, lambda a=array: [a])
            for name, array in load_torch_file(path).items()
        ]
    else:
        with stored_arrays(path) as arrays:
            yield arrays
