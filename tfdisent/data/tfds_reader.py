"""Reads images that TensorFlow Datasets has prepared; never downloads."""

import os
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tfdisent.data.image_rows import ImageRows
from tfdisent.data.kept_rows import kept_rows
from tfdisent.data.tfds_prepared import Prepared
from tfdisent.errors import RunError


def read(
    name: str,
    tfds_data_dir: str | os.PathLike,
    *,
    image_shape: tuple[int, int, int],
    image_key: str = "image",
    factor_keys: Sequence[str] = (),
    splits: Sequence[str] = ("train",),
    picture: Callable[[np.ndarray], np.ndarray] | None = None,
    settings: Mapping | None = None,
    data_dir: str | os.PathLike | None = None,
) -> tuple[ImageRows, np.ndarray, str]:
    """Unpacks the images that TFDS has prepared, once, and opens them.

    They are in the order in which TFDS stores them, split after split: always
    the same for the same prepared files. Resident memory stays small.

    Args:
      name: Of the data set in TFDS.
      tfds_data_dir: What one gives to `tfds.load(name, data_dir=...)`. The
        newest version there is read.
      image_shape: (H, W, C) of the images that are kept.
      image_key: Which feature is the image.
      factor_keys: K features with an integer or a truth value each, such as
        "label", or "attributes/Smiling" for one within another.
      splits: Which splits, in this order.
      picture: Makes of an image of TFDS, [h, w, c] uint8, one of `image_shape`,
        such as a crop; without it they are kept as they are.
      settings: What `picture` does, as JSON, such as {"crop": 128}: kept images
        are found again by it.
      data_dir: Where unpacked images are kept; ~/.cache/tfdisent by default.

    Returns:
      The images; the factors [N, K] int64, as TFDS numbers them; and the
      provenance, "prepared by TFDS 2.0.0" or what `tfds_writer` has noted.

    Raises:
      UsageError: Nothing is prepared there, or it has no such split.
      RunError: What is there is damaged or has other features; or the disk
        has no room.
    """
    prepared = Prepared(name, tfds_data_dir)

    def blocks():
        for images, factors in prepared.batches(image_key, factor_keys, splits):
            if picture:
                images = np.stack([picture(image) for image in images])
            if images.shape[1:] != tuple(image_shape):
                raise RunError(
                    f"{prepared.folder} holds images {images.shape[1:]} and "
                    f"{name} has {tuple(image_shape)}; prepare it again."
                )
            yield images, factors

    rows, factors = kept_rows(
        f"{name}_tfds",
        prepared.files,
        blocks,
        num_images=prepared.num_images(splits),
        image_shape=image_shape,
        settings={
            "features": [image_key, *factor_keys],
            "splits": list(splits),
            "picture": dict(settings or {}),
        },
        data_dir=data_dir,
    )
    return rows, factors, prepared.provenance
