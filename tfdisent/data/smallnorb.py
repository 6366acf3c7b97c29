"""SmallNORB: grey pictures of 50 toys, from its files or from TFDS."""

import functools

from tfdisent.data import smallnorb_file
from tfdisent.data.archives import given_path
from tfdisent.data.pictures import check_image_size
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.data.smallnorb_file import FACTOR_SIZES

FACTOR_NAMES = ("category", "instance", "elevation", "azimuth", "lighting")
VALUE_NAMES = {"category": ("animal", "human", "airplane", "truck", "car")}


def load_smallnorb(
    *,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    image_size: int = 64,
    data_dir: str | None = None,
) -> RowsDataset:
    """Loads SmallNORB: grey pictures of 50 toys under 6 lights, 5 factors.

    The factors are category 5, instance 10, elevation 9 (30 to 70 degrees),
    azimuth 18 (0 to 340 degrees) and lighting 6: 48,600 images. As in the study
    of Locatello et al. (2019), the training and the testing half are one set,
    of the two cameras' pictures only the left is taken, and its 96 x 96 pixels
    become 64 x 64. Otherwise than there, instance is a factor like the others
    (there it is drawn at random), and pixels are averaged over areas, which
    unlike its Lanczos filter leaves the range of the values as it was.

    Args:
      data_file: The folder with the six published files, .mat or .mat.gz.
      tfds_data_dir: A folder in which TFDS has prepared `smallnorb`.
      image_size: Side of the images in pixels, up to 1024.
      data_dir: Where the resized images are kept, 199 MB at 64 x 64;
        ~/.cache/tfdisent by default.

    Raises:
      UsageError: The image_size is wrong; neither source is given, or what is
        given does not exist.
      RunError: What is found there is damaged or is not SmallNORB; or the disk
        has no room.

    References:
      LeCun et al., "Learning methods for generic object recognition with
      invariance to pose and lighting", 2004.
    """
    check_image_size(image_size)
    if tfds_data_dir:
        # TFDS takes seconds to import and most runs do not need it.
        from tfdisent.data import tfds_prepared, tfds_reader

        rows, factors, provenance = tfds_reader.read(
            "smallnorb",
            tfds_data_dir,
            image_shape=(image_size, image_size, 1),
            factor_keys=(
                "label_category",
                "instance",
                "label_elevation",
                "label_azimuth",
                "label_lighting",
            ),
            splits=("train", "test"),
            picture=functools.partial(smallnorb_file.resized, size=image_size),
            settings={"image_size": image_size},
            data_dir=data_dir,
        )
        indices = tfds_prepared.indices_in(factors, FACTOR_SIZES, tfds_data_dir)
        tfds_prepared.check_whole(indices, FACTOR_SIZES, tfds_data_dir)
    else:
        folder = given_path(
            data_file,
            f"give the folder that has the six files of {smallnorb_file.URL}, "
            "or --tfds_data_dir",
        )
        rows, factors, provenance = smallnorb_file.open_images(
            folder, image_size, data_dir
        )
    return RowsDataset(
        rows,
        factors,
        name="smallnorb",
        provenance=provenance,
        factor_names=FACTOR_NAMES,
        factor_sizes=FACTOR_SIZES,
        value_names=VALUE_NAMES,
    )
