"""Patches of two real photographs, for a first try without any file."""

import hashlib
import importlib.util
import pathlib

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.pictures import read_picture
from tfdisent.errors import RunError, UsageError

_PHOTOS = ("china", "flower")
_SHAPE = (427, 640, 3)
_SIZES = (32, 64)
_STEP = 4


class PhotoPatches(FactorDataset):
    """Squares of photographs at a grid of positions.

    The patch of row i and column j of a photo starts at pixel (4 i, 4 j).

    Args:
      photos: [2, 427, 640, 3] uint8.
      size: Height and width of a patch.
    """

    def __init__(self, photos: np.ndarray, size: int):
        patches = np.lib.stride_tricks.sliding_window_view(
            photos, (size, size), axis=(1, 2)
        )[:, ::_STEP, ::_STEP]
        digest = hashlib.sha256(photos).hexdigest()
        super().__init__(
            name="photo_patches",
            provenance="patches of the photographs in scikit-learn, no data "
            f"set of the literature (sha256 {digest[:8]} as decoded here)",
            factor_names=("photo", "row", "column"),
            factor_sizes=patches.shape[:3],
            image_shape=(size, size, 3),
            value_names={"photo": _PHOTOS},
        )
        self._patches = patches

    def images(self, indices: np.ndarray) -> np.ndarray:
        patches = self._patches[tuple(self.factors_of(indices).T)]
        return np.ascontiguousarray(np.moveaxis(patches, 1, -1))


def load_photo_patches(
    *, image_size: int | None = None, data_dir: str | None = None
) -> PhotoPatches:
    """Loads patches of two real photographs which scikit-learn ships.

    It is the quick start and the offline test of all that is for natural
    images: real photographs, but no data set of the literature, and what is
    learned from 2 photographs says nothing of others. Factors: photo (china,
    flower), and row and column of a grid with a step of 4 pixels, 26,390
    patches of 64 pixels or 30,294 of 32. Neighbours overlap.

    The same Pillow gives the same pixels on each machine; builds with another
    JPEG library may differ by a level, and so in the hash in `provenance`.

    Args:
      image_size: 32 or 64; 64 by default.
      data_dir: Not needed: two photographs are decoded at once.

    Raises:
      UsageError: The image_size is another.
      RunError: scikit-learn lacks the photographs, or they are others.
    """
    del data_dir
    size = 64 if image_size is None else image_size
    if size not in _SIZES:
        raise UsageError(
            f"--image_size={size} must be 32 or 64 for photo_patches."
        )
    # To import scikit-learn would take a second.
    package = pathlib.Path(importlib.util.find_spec("sklearn").origin).parent
    folder = package / "datasets" / "images"
    photos = [read_picture(folder / f"{name}.jpg") for name in _PHOTOS]
    if any(photo.shape != _SHAPE for photo in photos):
        raise RunError(
            f"The photographs in {folder} are not those of {_SHAPE[1]}x"
            f"{_SHAPE[0]} pixels; install scikit-learn again."
        )
    return PhotoPatches(np.stack(photos), size)
