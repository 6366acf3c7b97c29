"""3D Chairs (Aubry et al., 2014): chairs from all sides."""

import math
import re
from collections.abc import Sequence

import numpy as np

from tfdisent.data import archives
from tfdisent.data.archived_pictures import kept_pictures
from tfdisent.data.pictures import check_image_size
from tfdisent.data.pictures_blocks import left_out
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import RunError

_PICTURE_SIZE = (600, 600)
_ELEVATIONS = (20, 30)
# 31 steps around, in whole degrees: 0, 11, 23, ..., 348.
_AZIMUTHS = tuple(360 * k // 31 for k in range(31))
_NUM_MODELS = 1393


def load_chairs(
    *,
    data_file: str | None = None,
    image_size: int = 64,
    skip_unreadable: bool = False,
    data_dir: str | None = None,
) -> RowsDataset:
    """3D Chairs: 86,366 views of 1,393 chairs, from its file.

    All combinations of the model (in the order of their names), the elevation
    (2) and the azimuth (31), in grey, on white as published.

    The whole pictures of 600x600 are resized, by Pillow's bicubic
    interpolation, as ports of FactorVAE and beta-TCVAE do (1Konny/FactorVAE,
    YannDubs/disentangling-vae); others cut white borders away.

    Args:
      data_file: rendered_chairs.tar, or the folder that it unpacks to.
      image_size: Height and width of the images, up to 600.
      skip_unreadable: Leave out pictures that cannot be decoded; the rest is no
        product of factors then.
      data_dir: Keeps the unpacked images (354 MB at 64 pixels);
        ~/.cache/tfdisent by default.

    Raises:
      UsageError: An option is wrong, or no source is given.
      RunError: What is found there is damaged or is something else.

    References:
      Aubry et al. (2014), "Seeing 3D Chairs". CVPR.
      https://www.di.ens.fr/willow/research/seeing3Dchairs/
    """
    check_image_size(image_size, _PICTURE_SIZE[0])
    path = archives.given_path(
        data_file,
        "give rendered_chairs.tar from "
        "https://www.di.ens.fr/willow/research/seeing3Dchairs/, or the folder "
        "that it unpacks to",
    )
    sizes = (_NUM_MODELS, len(_ELEVATIONS), len(_AZIMUTHS))
    rows, factors = kept_pictures(
        "chairs",
        path,
        pattern=(
            rf"(\w+)/renders/image_\d+_p({_either(_ELEVATIONS)})"
            rf"_t({_either(_AZIMUTHS)})_r\d+\.png"
        ),
        count=math.prod(sizes),
        picture_size=_PICTURE_SIZE,
        factors_of=_factors_of,
        image_shape=(image_size, image_size, 1),
        skip_unreadable=skip_unreadable,
        data_dir=data_dir,
    )
    return RowsDataset(
        rows,
        factors,
        name="chairs",
        provenance=f"{archives.origin(path, rows)}{left_out(rows)}, grey",
        factor_names=("model", "elevation", "azimuth"),
        factor_sizes=sizes,
        value_names={
            "elevation": [f"{degrees} degrees" for degrees in _ELEVATIONS],
            "azimuth": [f"{degrees} degrees" for degrees in _AZIMUTHS],
        },
    )


def _either(degrees: Sequence[int]) -> str:
    return "|".join(f"{angle:03d}" for angle in degrees)


def _factors_of(matches: Sequence[re.Match]) -> np.ndarray:
    """The factors [n, 3] that the names tell.

    Raises:
      RunError: There are more or fewer models than were published.
    """
    models = sorted({match[1] for match in matches})
    if len(models) != _NUM_MODELS:
        raise RunError(
            f"There are pictures of {len(models):,} chairs and there must be "
            f"{_NUM_MODELS:,}; fetch the file again."
        )
    number = {model: k for k, model in enumerate(models)}
    return np.array(
        [
            (
                number[match[1]],
                _ELEVATIONS.index(int(match[2])),
                _AZIMUTHS.index(int(match[3])),
            )
            for match in matches
        ]
    )
