"""Cars3D: 183 cars from all sides, from its published archive."""

import io
import math
import pathlib

import numpy as np
from PIL import Image

from tfdisent.data.archives import given_path, open_members, origin
from tfdisent.data.kept_rows import Blocks, kept_rows
from tfdisent.data.pictures import check_image_size
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import RunError

FACTOR_NAMES = ("elevation", "azimuth", "object")
FACTOR_SIZES = (4, 24, 183)

_SIDE = 128
_URL = "http://www.scottreed.info/files/nips2015-analogy-data.tar.gz"
# As the library disent lists it.
_MD5S = ("4e866a7919c1beedf53964e6f7a23686",)


def load_cars3d(
    *,
    data_file: str | None = None,
    image_size: int = 64,
    data_dir: str | None = None,
) -> RowsDataset:
    """Loads Cars3D: 183 cars at 24 azimuths and 4 elevations, in colour.

    The archive has a file data/cars/car_NAME.mat for each car, and in that a
    matrix `im` [128, 128, 3, 24, 4] uint8: row, column, channel, azimuth and
    elevation.
    The factors and their order are those of Locatello et al. (2019): elevation
    4, azimuth 24, object 183, which makes 17,568 images, and so is the Lanczos
    filter that reduces them to 64 x 64. Objects are numbered by the names of
    their files, where that study takes them as the file system lists them.

    Args:
      data_file: nips2015-analogy-data.tar.gz, or the folder it unpacks to.
      image_size: Side of the images in pixels, up to 1024.
      data_dir: Where the resized images are kept, 216 MB at 64 x 64;
        ~/.cache/tfdisent by default.

    Raises:
      UsageError: The image_size is wrong; no file is given, or there is none.
      RunError: It is damaged or is not Cars3D; or the disk has no room.

    References:
      Reed et al., "Deep visual analogy-making", 2015.
    """
    check_image_size(image_size)
    path = given_path(
        data_file, f"give the path of {_URL}, or of the folder it unpacks to"
    )
    rows, factors = kept_rows(
        "cars3d",
        sorted(path.rglob("car_*.mat")) if path.is_dir() else [path],
        lambda: _blocks(path, image_size),
        num_images=math.prod(FACTOR_SIZES),
        image_shape=(image_size, image_size, 3),
        data_dir=data_dir,
    )
    return RowsDataset(
        rows,
        factors,
        name="cars3d",
        provenance=origin(path, rows, _MD5S),
        factor_names=FACTOR_NAMES,
        factor_sizes=FACTOR_SIZES,
    )


def _blocks(path: pathlib.Path, image_size: int) -> Blocks:
    """Yields the images and the factors of one car after another."""
    elevations, azimuths, num_cars = FACTOR_SIZES
    views = np.indices((elevations, azimuths)).reshape(2, -1).T
    with open_members(path) as members:
        files = [
            name
            for name in members
            if pathlib.PurePosixPath(name).match("car_*.mat")
        ]
        if len(files) != num_cars:
            raise RunError(
                f"{path} has {len(files)} files car_NAME.mat and Cars3D has "
                f"{num_cars}; fetch {_URL} again."
            )
        # In an archive they may have any order, and are read in that.
        numbers = {name: number for number, name in enumerate(sorted(files))}
        for name in files:
            images = _images(members[name](), f"{name} in {path}", image_size)
            cars = np.full((len(views), 1), numbers[name])
            yield images, np.concatenate([views, cars], axis=1)


def _images(content: bytes, source: str, image_size: int) -> np.ndarray:
    """The images of a car, [96, image_size, image_size, 3] uint8."""
    # It takes longer to import than the other data sets together.
    import scipy.io

    elevations, azimuths, _ = FACTOR_SIZES
    shape = (_SIDE, _SIDE, 3, azimuths, elevations)
    try:
        matrix = scipy.io.loadmat(io.BytesIO(content), variable_names=["im"])
        pictures = matrix["im"]
    except Exception as error:
        # A broken file makes scipy raise anything, even a TypeError.
        raise RunError(
            f"{source} is damaged or is not of Cars3D ({error}); fetch {_URL} "
            "again."
        ) from error
    if (pictures.shape, pictures.dtype) != (shape, np.uint8):
        raise RunError(
            f"{source} holds {pictures.dtype} {pictures.shape}, and Cars3D has "
            f"uint8 {shape}; fetch {_URL} again."
        )
    pictures = pictures.transpose(4, 3, 0, 1, 2).reshape(-1, _SIDE, _SIDE, 3)
    return np.stack([_resized(picture, image_size) for picture in pictures])


def _resized(picture: np.ndarray, size: int) -> np.ndarray:
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((size, size), Image.Resampling.LANCZOS))
