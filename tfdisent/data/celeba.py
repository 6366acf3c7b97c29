"""CelebA (Liu et al., 2015): faces of celebrities."""

import pathlib

import numpy as np

from tfdisent.data import archives
from tfdisent.data.archived_pictures import kept_pictures
from tfdisent.data.image_rows import ImageRows
from tfdisent.data.pictures import check_image_size, fitted
from tfdisent.data.pictures_blocks import left_out
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import RunError

_NUM_IMAGES = 202_599
_PICTURE_SIZE = (218, 178)
_CROP = 148
_MD5 = "00d2c5bc6d35e252742224ab0c1e8fcb"
_ATTRIBUTES_FILE = "list_attr_celeba.txt"
_ATTRIBUTES = """
5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips
Big_Nose Black_Hair Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby
Double_Chin Eyeglasses Goatee Gray_Hair Heavy_Makeup High_Cheekbones Male
Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin
Pointy_Nose Receding_Hairline Rosy_Cheeks Sideburns Smiling Straight_Hair
Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace
Wearing_Necktie Young
"""
ATTRIBUTES = tuple(_ATTRIBUTES.split())


def load_celeba(
    *,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    image_size: int = 64,
    skip_unreadable: bool = False,
    data_dir: str | None = None,
) -> RowsDataset:
    """CelebA: 202,599 faces with 40 attributes, from its file.

    In the order of their numbers. The 40 attributes are factors with 2 values
    if their file is there; otherwise no factor is known.

    The square of 148 pixels in the centre of 178x218 is taken and resized by
    Pillow's bicubic interpolation. Papers say that they use 64x64 and not how
    they crop: 148 is what the widespread ports of beta-VAE, beta-TCVAE,
    FactorVAE and DIP-VAE take (github.com/AntixK/PyTorch-VAE), which resize
    bilinearly; others squeeze the whole picture.

    Args:
      data_file: img_align_celeba.zip, or the folder that it unpacks to, with
        list_attr_celeba.txt beside it for the attributes.
      tfds_data_dir: A folder in which TFDS has prepared `celeb_a`; its splits
        train, validation and test follow each other in its own order.
      image_size: Height and width of the images, up to 148.
      skip_unreadable: Leave out pictures that cannot be decoded.
      data_dir: Keeps the unpacked images (2.5 GB at 64 pixels);
        ~/.cache/tfdisent by default.

    Raises:
      UsageError: An option is wrong, or no source is given.
      RunError: What is found there is damaged or is something else.

    References:
      Liu et al. (2015), "Deep Learning Face Attributes in the Wild".
      http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html
    """
    check_image_size(image_size, _CROP)
    if tfds_data_dir:
        rows, factors, source = _from_tfds(tfds_data_dir, image_size, data_dir)
    else:
        rows, factors, source = _from_file(
            data_file, image_size, skip_unreadable, data_dir
        )
    names = ATTRIBUTES[: factors.shape[1]]
    known = "40 attributes" if names else f"no {_ATTRIBUTES_FILE} beside it"
    return RowsDataset(
        rows,
        factors,
        name="celeba",
        provenance=f"{source}, {_CROP}x{_CROP} of the centre, {known}",
        factor_names=names,
        factor_sizes=[2] * len(names),
        value_names=dict.fromkeys(names, ("no", "yes")),
    )


def _from_file(
    data_file: str | None,
    image_size: int,
    skip_unreadable: bool,
    data_dir: str | None,
) -> tuple[ImageRows, np.ndarray, str]:
    path = archives.given_path(
        data_file,
        "give img_align_celeba.zip from "
        "http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, or the folder that "
        "it unpacks to, or --tfds_data_dir",
    )
    attributes = path.parent / _ATTRIBUTES_FILE

    def factors_of(matches):
        if not attributes.is_file():
            return np.zeros((len(matches), 0), np.int64)
        return _read_attributes(attributes, [m[1] for m in matches])

    rows, factors = kept_pictures(
        "celeba",
        path,
        pattern=r"(\d{6}\.jpg)",
        count=_NUM_IMAGES,
        picture_size=_PICTURE_SIZE,
        factors_of=factors_of,
        image_shape=(image_size, image_size, 3),
        crop=_CROP,
        skip_unreadable=skip_unreadable,
        more_sources=[attributes] if attributes.is_file() else [],
        data_dir=data_dir,
    )
    source = archives.origin(path, rows, [_MD5]) + left_out(rows)
    return rows, factors, source


def _read_attributes(path: pathlib.Path, names: list[str]) -> np.ndarray:
    """Reads the attributes [n, 40] of pictures: 1 for what is 1, 0 for -1.

    The file has a line with the number of pictures, one with the 40 names, and
    one for each picture: its name and 40 times 1 or -1.

    Raises:
      RunError: It is damaged, or a picture is not in it.
    """
    try:
        _, header, *lines = path.read_text().splitlines()
        table = {line.split()[0]: line.split()[1:] for line in lines}
        missing = [name for name in names if name not in table]
        if missing:
            raise ValueError(f"{len(missing):,} lack, such as {missing[0]}")
        values = np.array([table[name] for name in names]).astype(np.int64)
        if tuple(header.split()) != ATTRIBUTES or values.shape[1:] != (40,):
            raise ValueError("it has others than the 40 attributes")
        if not np.isin(values, (-1, 1)).all():
            raise ValueError("a value is neither 1 nor -1")
    except (OSError, ValueError, IndexError) as error:
        raise RunError(
            f"{path} does not hold the attributes of CelebA ({error}); fetch "
            "it again, or move it away to go on without factors."
        ) from error
    return (values + 1) // 2


def _from_tfds(
    tfds_data_dir: str, image_size: int, data_dir: str | None
) -> tuple[ImageRows, np.ndarray, str]:
    # TFDS takes seconds to import and most runs do not need it.
    from tfdisent.data import tfds_reader

    size = (image_size, image_size)

    def picture(image: np.ndarray) -> np.ndarray:
        top, left = ((whole - _CROP) // 2 for whole in image.shape[:2])
        return fitted(image[top : top + _CROP, left : left + _CROP], size)

    return tfds_reader.read(
        "celeb_a",
        tfds_data_dir,
        image_shape=(*size, 3),
        factor_keys=[f"attributes/{name}" for name in ATTRIBUTES],
        splits=("train", "validation", "test"),
        picture=picture,
        settings={"crop": _CROP},
        data_dir=data_dir,
    )
