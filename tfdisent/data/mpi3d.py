"""MPI3D: an arm that carries an object, as published, and a drawn stand-in.

References:
  Gondal et al. (2019), On the transfer of inductive bias from simulation to the
  real world: a new disentanglement dataset.
  https://github.com/rr-learning/disentanglement_dataset
"""

import pathlib

import numpy as np

from tfdisent.data import array_cache, mpi3d_file
from tfdisent.data import mpi3d_renderer as renderer
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.mpi3d_shapes import SHAPES
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import UsageError

FACTOR_NAMES = (
    "object_color",
    "object_shape",
    "object_size",
    "camera_height",
    "background_color",
    "horizontal_axis",
    "vertical_axis",
)
FACTOR_SIZES = (6, 6, 2, 3, 3, 40, 40)
VALUE_NAMES = {
    "object_color": ("white", "green", "red", "blue", "brown", "olive"),
    "object_shape": SHAPES,
    "object_size": ("small", "large"),
    "camera_height": ("top", "center", "bottom"),
    "background_color": ("purple", "sea green", "salmon"),
}
_COLOURS = (
    (240, 240, 235),
    (64, 184, 72),
    (220, 50, 45),
    (60, 100, 220),
    (140, 84, 48),
    (158, 156, 44),
)


class RenderedMPI3D(FactorDataset):
    """1,036,800 images, pasted together from 4,800 views (233 MB).

    With the view v of a camera height and a position of the arm, the image of
    the background b, the shape s, the size z and the colour c is

        image = (frames[v, b] * keep[v, s, z] + c * light[v, s, z]) / 255

    rounded, inside of the sprite's box, and frames[v, b] elsewhere.

    Args:
      views: `[4800, VIEW_BYTES]` uint8, as `mpi3d_renderer.render_all` gives.
      storage: "memory", or the path of the file that is mapped.
    """

    def __init__(self, views: np.ndarray, *, storage: str = "memory"):
        super().__init__(
            name="mpi3d_rendered",
            provenance=f"rendered (sha256 {renderer.SHA256[:8]})",
            factor_names=FACTOR_NAMES,
            factor_sizes=FACTOR_SIZES,
            image_shape=renderer.FRAMES_SHAPE[1:],
            value_names=VALUE_NAMES,
            storage=storage,
        )
        frames = views[:, : renderer.FRAMES_BYTES]
        sprites = views[:, renderer.FRAMES_BYTES :]
        self._frames = frames.reshape(-1, *renderer.FRAMES_SHAPE)
        self._sprites = sprites.reshape(-1, *renderer.SPRITES_SHAPE)
        self._corners = renderer.sprite_corners()
        self._colours = np.tile(np.array(_COLOURS, np.uint16), renderer.BOX)

    def images(self, indices: np.ndarray) -> np.ndarray:
        factors = self.factors_of(indices).T
        colour, shape, size, camera, background, *arm = factors
        view = np.ravel_multi_index((camera, *arm), renderer.VIEWS)
        images = self._frames[view, background]
        height, width, channels = self.image_shape
        # All boxes of an image, as rows of bytes, three for each pixel.
        boxes = np.lib.stride_tricks.sliding_window_view(
            images.reshape(-1, height, width * channels),
            (renderer.BOX, renderer.BOX * channels),
            axis=(1, 2),
            writeable=True,
        )
        top, left = self._corners[view].T
        at = np.arange(len(images)), top, left * channels
        sprites = self._sprites[view, shape, size].repeat(channels, axis=-1)
        keep, light = np.moveaxis(sprites, 1, 0)
        # At most 255 * 255, as no light is above 255 - keep.
        mixed = np.multiply(boxes[at], keep, dtype=np.uint16)
        mixed += self._colours[colour][:, None] * light
        boxes[at] = (mixed + 127) // 255
        return images


def load_mpi3d_rendered(*, data_dir: str | None = None) -> RenderedMPI3D:
    """A drawn stand-in for MPI3D: an arm and its object.

    It has the factors of MPI3D (Gondal et al., 2019) in their order, and none
    of its images: arm, camera, lamp, colours and the angles of the axes (-80 to
    80 and -25 to 65 degrees) are made up. Scores on it are not MPI3D scores.

    Args:
      data_dir: where the drawn views are kept; ~/.cache/tfdisent by default.
    """
    drawn = array_cache.drawn_array(
        "mpi3d_rendered",
        renderer.render_all,
        shape=(renderer.NUM_VIEWS, renderer.VIEW_BYTES),
        sha256=renderer.SHA256,
        data_dir=data_dir,
    )
    return RenderedMPI3D(drawn.array, storage=drawn.storage)


def load_mpi3d_toy(
    *, data_file: str | None = None, data_dir: str | None = None
) -> RowsDataset:
    """MPI3D-toy: simple renderings of an arm and its object.

    Args:
      data_file: The published mpi3d_toy.npz.
      data_dir: Where it is noted that the file is whole, and where a file that
        is compressed is unpacked; ~/.cache/tfdisent by default.

    Raises:
      UsageError: There is no such file, or it is another of the three.
      RunError: It is damaged or is not MPI3D, or the disk has no room.
    """
    return _load_published("mpi3d_toy", data_file, data_dir)


def load_mpi3d_realistic(
    *, data_file: str | None = None, data_dir: str | None = None
) -> RowsDataset:
    """MPI3D-realistic: lifelike renderings of an arm and its object.

    Like `load_mpi3d_toy`, with the published mpi3d_realistic.npz.
    """
    return _load_published("mpi3d_realistic", data_file, data_dir)


def load_mpi3d_real(
    *, data_file: str | None = None, data_dir: str | None = None
) -> RowsDataset:
    """MPI3D-real: photographs of a robot arm and its object.

    Like `load_mpi3d_toy`, with the published mpi3d_real.npz, or the archive of
    the complex objects (real3d_complicated_shapes_ordered.npz).
    """
    return _load_published("mpi3d_real", data_file, data_dir)


def _load_published(
    name: str, data_file: str | None, data_dir: str | None
) -> RowsDataset:
    """The images of an archive; their number tells the factors' sizes."""
    if data_file is None:
        raise UsageError(
            f"--dataset={name} is read from its file; give --data_file=PATH of "
            f"{name}.npz, or use --dataset=mpi3d_rendered."
        )
    rows, provenance = mpi3d_file.open_images(
        pathlib.Path(data_file).expanduser(), name, data_dir
    )
    sizes = mpi3d_file.SIZES_OF_LENGTH[len(rows)]
    # The sets of 4 colours and shapes have others, not always the same.
    known = {
        factor: names
        for factor, names in VALUE_NAMES.items()
        if len(names) == sizes[FACTOR_NAMES.index(factor)]
    }
    return RowsDataset(
        rows,
        np.indices(sizes).reshape(len(sizes), -1).T,
        name=name,
        provenance=provenance,
        factor_names=FACTOR_NAMES,
        factor_sizes=sizes,
        value_names=known,
    )
