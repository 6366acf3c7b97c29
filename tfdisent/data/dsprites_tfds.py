"""dSprites as TensorFlow Datasets has prepared it."""

import os

import numpy as np
import tqdm

from tfdisent.data import dsprites_check
from tfdisent.data import dsprites_renderer as renderer
from tfdisent.data.tfds_prepared import Prepared, check_whole, indices_in

_LABELS = tuple(f"label_{name}" for name in renderer.FACTOR_NAMES)


def read_packed(tfds_data_dir: str | os.PathLike) -> tuple[np.ndarray, str]:
    """Reads the images that TFDS has prepared, in factor order.

    Args:
      tfds_data_dir: What one gives to `tfds.load("dsprites", data_dir=...)`.

    Returns:
      The images [737280, 512] uint8, packed as `render_all` does it, and
      the provenance.

    Raises:
      UsageError: Nothing is prepared there.
      RunError: What is there is damaged or is not dSprites.
    """
    prepared = Prepared("dsprites", tfds_data_dir)
    packed = np.zeros((renderer.NUM_IMAGES, renderer.BYTES_PER_IMAGE), np.uint8)
    seen = []
    with tqdm.tqdm(
        total=prepared.num_images(["train"]),
        desc="dSprites from TFDS",
        unit=" images",
        disable=None,
    ) as progress:
        for images, factors in prepared.batches("image", _LABELS, ["train"]):
            indices = indices_in(
                factors, renderer.FACTOR_SIZES, prepared.folder
            )
            packed[indices] = dsprites_check.pack(images, prepared.folder)
            seen.append(indices)
            progress.update(len(indices))
    check_whole(np.concatenate(seen), renderer.FACTOR_SIZES, prepared.folder)
    difference = dsprites_check.compare_with_rendered(packed, prepared.folder)
    return packed, f"{prepared.provenance}, {difference}"
