"""3D Shapes as TensorFlow Datasets has prepared it."""

import os

import numpy as np

from tfdisent.data import shapes3d_renderer as renderer
from tfdisent.data import tfds_reader
from tfdisent.data.image_rows import ImageRows
from tfdisent.data.tfds_prepared import check_whole, indices_in


def open_images(
    tfds_data_dir: str | os.PathLike,
    data_dir: str | os.PathLike | None = None,
) -> tuple[ImageRows, np.ndarray, str]:
    """Opens all 480,000 images, unpacked the first time.

    Args:
      tfds_data_dir: What one gives to `tfds.load("shapes3d", data_dir=...)`.
      data_dir: Keeps the unpacked images, 5.9 GB.

    Returns:
      The images in the order of TFDS, their factors [480000, 6], and the
      provenance.

    Raises:
      UsageError: Nothing is prepared there.
      RunError: What is there is damaged or not whole.
    """
    rows, factors, provenance = tfds_reader.read(
        "shapes3d",
        tfds_data_dir,
        image_shape=renderer.IMAGE_SHAPE,
        factor_keys=[f"label_{name}" for name in renderer.FACTOR_NAMES],
        data_dir=data_dir,
    )
    indices = indices_in(factors, renderer.FACTOR_SIZES, tfds_data_dir)
    check_whole(indices, renderer.FACTOR_SIZES, tfds_data_dir)
    return rows, factors, provenance
