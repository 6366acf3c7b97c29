"""dSprites in colours, with noise, or over patches of a picture.

They are the variants of Locatello et al. (2019), whose definitions are, for a
sprite s of 0 and 1 and all of them in [0, 1]:

    colour   s c                     c ~ U(1/2, 1) for each of 3 channels
    noisy    min(s + e, 1)           e ~ U(0, 1) for each pixel and channel
    scream   |s - (p + c) / 2|       p a 64 x 64 patch of The Scream,
                                     c ~ U(0, 1) for each of 3 channels

Four things are not as in the study. It draws anew whenever an image is used;
here the draws are a function of the index, and an image is always the same.
Draws and images have 256 levels, and a mean of two levels is rounded down. The
patch may lie at the picture's last row and column. The Scream is not shipped:
any picture may be given.

References:
  Locatello et al., "Challenging common assumptions in the unsupervised
  learning of disentangled representations", 2019.
"""

import functools
import hashlib
import pathlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from tfdisent.data.dsprites import DSprites, load_dsprites
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.hashed_noise import noise_bytes, uniforms
from tfdisent.data.pictures import read_picture
from tfdisent.errors import UsageError

# The picture is made smaller until it fits into this width and height.
_PICTURE_SIZE = (350, 274)
_SIZE = 64
_SEED = 0

# Makes images of sprites of 0 and 255, both [n, 64, 3 * 64] uint8 with the
# channels side by side, which numpy is ten times as fast on, and indices [n].
Painter = Callable[[np.ndarray, np.ndarray], np.ndarray]


class DSpritesVariant(FactorDataset):
    """dSprites, each image painted in its own way, [64, 64, 3].

    Args:
      sprites: The white shapes.
      paint: What is made of them.
      name: Of the variant.
      painted: How they are painted, for the provenance.
    """

    def __init__(
        self, sprites: DSprites, paint: Painter, *, name: str, painted: str
    ):
        super().__init__(
            name=name,
            provenance=f"{sprites.provenance}, {painted}",
            factor_names=sprites.factor_names,
            factor_sizes=sprites.factor_sizes,
            image_shape=(_SIZE, _SIZE, 3),
            value_names=sprites.value_names,
            storage=sprites.storage,
        )
        self._sprites, self._paint = sprites, paint

    def images(self, indices: np.ndarray) -> np.ndarray:
        indices = np.asarray(indices, np.int64)
        sprites = self._sprites.images(indices).reshape(-1, _SIZE, _SIZE)
        painted = self._paint(np.repeat(sprites, 3, axis=-1), indices)
        return painted.reshape(-1, *self.image_shape)


def load_dsprites_color(
    *,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    data_dir: str | None = None,
) -> DSpritesVariant:
    """Loads Color-dSprites: the shapes of dSprites, each in a light colour.

    Args:
      data_file: See `load_dsprites`, as for what follows.
      tfds_data_dir: Where TFDS has prepared dSprites.
      data_dir: Where drawn shapes are kept.

    Raises:
      UsageError: A path that is given does not exist.
      RunError: What is found there is damaged or is not dSprites.
    """
    return DSpritesVariant(
        load_dsprites(
            data_file=data_file, tfds_data_dir=tfds_data_dir, data_dir=data_dir
        ),
        _coloured,
        name="dsprites_color",
        painted="coloured by index",
    )


def load_dsprites_noisy(
    *,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    data_dir: str | None = None,
) -> DSpritesVariant:
    """Loads Noisy-dSprites: the shapes of dSprites before coloured noise.

    Args:
      data_file: See `load_dsprites`, as for what follows.
      tfds_data_dir: Where TFDS has prepared dSprites.
      data_dir: Where drawn shapes are kept.

    Raises:
      UsageError: A path that is given does not exist.
      RunError: What is found there is damaged or is not dSprites.
    """
    return DSpritesVariant(
        load_dsprites(
            data_file=data_file, tfds_data_dir=tfds_data_dir, data_dir=data_dir
        ),
        _noisy,
        name="dsprites_noisy",
        painted="noise by index",
    )


def load_dsprites_scream(
    *,
    background_file: str | None = None,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    data_dir: str | None = None,
) -> DSpritesVariant:
    """Loads Scream-dSprites: dSprites inverts tinted patches of a picture.

    Args:
      background_file: The picture: PNG, JPEG, BMP, WebP, PGM or PPM. It is made
        smaller, if need be, to fit into 350 x 274 pixels.
      data_file: See `load_dsprites`, as for what follows.
      tfds_data_dir: Where TFDS has prepared dSprites.
      data_dir: Where drawn shapes are kept.

    Raises:
      UsageError: No picture is given, it is too small, or a path that is given
        does not exist.
      RunError: What is found there is damaged or is not dSprites.
    """
    if not background_file:
        raise UsageError(
            "dsprites_scream needs a picture and ships none; give "
            "--background_file=PICTURE, which was The Scream by Edvard Munch "
            "in the original, and may be any."
        )
    picture = _read_picture(pathlib.Path(background_file).expanduser())
    sha256 = hashlib.sha256(picture).hexdigest()
    return DSpritesVariant(
        load_dsprites(
            data_file=data_file, tfds_data_dir=tfds_data_dir, data_dir=data_dir
        ),
        functools.partial(_over_patches, picture),
        name="dsprites_scream",
        painted=f"over {pathlib.Path(background_file).name} "
        f"(sha256 {sha256[:8]} of its pixels)",
    )


def _coloured(sprites: np.ndarray, indices: np.ndarray) -> np.ndarray:
    return sprites & _side_by_side(128 + 128 * uniforms(indices, _SEED, 3))


def _noisy(sprites: np.ndarray, indices: np.ndarray) -> np.ndarray:
    noise = noise_bytes(indices, _SEED, 3 * _SIZE * _SIZE)
    return sprites | noise.reshape(sprites.shape)


def _over_patches(
    picture: np.ndarray, sprites: np.ndarray, indices: np.ndarray
) -> np.ndarray:
    """Paints over patches of the picture [H, W, 3] uint8."""
    height, width, _ = picture.shape
    draws = uniforms(indices, _SEED, 5)
    row = (draws[:, 0] * (height - _SIZE + 1)).astype(np.int64)
    column = (draws[:, 1] * (width - _SIZE + 1)).astype(np.int64)
    patches = np.lib.stride_tricks.sliding_window_view(
        picture.reshape(height, -1), (_SIZE, 3 * _SIZE)
    )[row, 3 * column]
    colours = _side_by_side(256 * draws[:, 2:])
    # (p + c) / 2 without a carry; ^ 255 inverts.
    return ((patches & colours) + ((patches ^ colours) >> 1)) ^ sprites


def _side_by_side(colours: np.ndarray) -> np.ndarray:
    """Makes rows of pixels [n, 1, 3 * 64] of colours [n, 3] in [0, 256)."""
    return np.tile(colours.astype(np.uint8), _SIZE)[:, None]


def _read_picture(path: pathlib.Path) -> np.ndarray:
    """Reads the picture, [H, W, 3] uint8, made smaller if need be."""
    if not path.is_file():
        raise UsageError(
            f"--background_file={path} is not a file; give the path of a "
            "picture."
        )
    picture = Image.fromarray(read_picture(path))
    picture.thumbnail(_PICTURE_SIZE, reducing_gap=None)
    if min(picture.size) < _SIZE:
        raise UsageError(
            f"--background_file={path} is {picture.width} x {picture.height} "
            f"pixels after it is fitted into {_PICTURE_SIZE[0]} x "
            f"{_PICTURE_SIZE[1]}, and must be at least {_SIZE} x {_SIZE}."
        )
    return np.array(picture)
