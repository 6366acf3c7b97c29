"""dSprites: white shapes on black, drawn, read from its file or from TFDS."""

import pathlib

import numpy as np

from tfdisent.data import array_cache, dsprites_file
from tfdisent.data import dsprites_renderer as renderer
from tfdisent.data.factor_dataset import FactorDataset


class DSprites(FactorDataset):
    """All 737,280 images, held as bits (377 MB).

    Args:
      packed: [737280, 512] uint8, as `dsprites_renderer.render_all` gives.
      provenance: where they come from.
      storage: "memory", or the path of the file that is mapped.
    """

    def __init__(
        self, packed: np.ndarray, *, provenance: str, storage: str = "memory"
    ):
        size = renderer.IMAGE_SIZE
        super().__init__(
            name="dsprites",
            provenance=provenance,
            factor_names=renderer.FACTOR_NAMES,
            factor_sizes=renderer.FACTOR_SIZES,
            image_shape=(size, size, 1),
            value_names={"shape": ("square", "ellipse", "heart")},
            storage=storage,
        )
        self._packed = packed

    def images(self, indices: np.ndarray) -> np.ndarray:
        rows = self._packed[np.asarray(indices, np.int64)]
        pixels = np.unpackbits(rows, axis=-1, bitorder="little")
        np.negative(pixels, out=pixels)  # 1 becomes 255
        return pixels.reshape(-1, *self.image_shape)


def load_dsprites(
    *,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    data_dir: str | None = None,
) -> DSprites:
    """Loads dSprites: 3 shapes in all sizes, orientations and positions.

    Args:
      data_file: the published npz or hdf5, to be read.
      tfds_data_dir: a folder in which TFDS has prepared `dsprites`.
      data_dir: where drawn images are kept, if neither of the above is
        given; ~/.cache/tfdisent by default.

    Raises:
      UsageError: a path that is given does not exist.
      RunError: what is found there is damaged or is not dSprites.
    """
    if data_file:
        packed, provenance = dsprites_file.read_packed(
            pathlib.Path(data_file).expanduser()
        )
        return DSprites(packed, provenance=provenance)
    if tfds_data_dir:
        # TFDS takes seconds to import and most runs do not need it.
        from tfdisent.data import dsprites_tfds

        packed, provenance = dsprites_tfds.read_packed(tfds_data_dir)
        return DSprites(packed, provenance=provenance)
    drawn = array_cache.drawn_array(
        "dsprites_rendered",
        renderer.render_all,
        shape=(renderer.NUM_IMAGES, renderer.BYTES_PER_IMAGE),
        sha256=renderer.SHA256,
        data_dir=data_dir,
    )
    return DSprites(
        drawn.array, provenance=drawn.provenance, storage=drawn.storage
    )
