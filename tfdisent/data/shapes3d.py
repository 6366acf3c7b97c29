"""3D Shapes: one object in a room, drawn, read from its file or from TFDS."""

import pathlib

from tfdisent.data import array_cache, shapes3d_file
from tfdisent.data import shapes3d_renderer as renderer
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.layered_dataset import LayeredDataset
from tfdisent.data.rows_dataset import RowsDataset

VALUE_NAMES = {"shape": ("cube", "cylinder", "sphere", "capsule")}


def load_shapes3d(
    *,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    data_dir: str | None = None,
) -> FactorDataset:
    """3D Shapes: an object in a room; drawn look-alikes, or the original.

    The drawn images have the factors of the original (Burgess and Kim, 2018)
    in its order, and nearly its geometry and light, but none of its pixels:
    see `shapes3d_renderer` for what differs. Scores on them are not 3D Shapes
    scores, and the provenance says "rendered".

    Args:
      data_file: The published 3dshapes.h5, to be unpacked (5.9 GB).
      tfds_data_dir: A folder in which TFDS has prepared `shapes3d`.
      data_dir: Where drawn or unpacked images are kept; ~/.cache/tfdisent by
        default.

    Raises:
      UsageError: A path that is given does not exist.
      RunError: What is found there is damaged or is not 3D Shapes, or the disk
        has no room to unpack it.
    """
    if data_file:
        path = pathlib.Path(data_file).expanduser()
        opened = shapes3d_file.open_images(path, data_dir)
    elif tfds_data_dir:
        # TFDS takes seconds to import and most runs do not need it.
        from tfdisent.data import shapes3d_tfds

        opened = shapes3d_tfds.open_images(tfds_data_dir, data_dir)
    else:
        return _rendered(data_dir)
    rows, factors, provenance = opened
    return RowsDataset(
        rows,
        factors,
        name="shapes3d",
        provenance=provenance,
        factor_names=renderer.FACTOR_NAMES,
        factor_sizes=renderer.FACTOR_SIZES,
        value_names=VALUE_NAMES,
    )


def _rendered(data_dir: str | None) -> LayeredDataset:
    drawn = array_cache.drawn_array(
        "shapes3d_rendered",
        renderer.render_layers,
        shape=renderer.LAYERS_SHAPE,
        sha256=renderer.SHA256,
        data_dir=data_dir,
    )
    return LayeredDataset(
        drawn.array,
        num_colours=3,
        name="shapes3d",
        provenance=drawn.provenance,
        factor_names=renderer.FACTOR_NAMES,
        factor_sizes=renderer.FACTOR_SIZES,
        value_names=VALUE_NAMES,
        storage=drawn.storage,
    )
