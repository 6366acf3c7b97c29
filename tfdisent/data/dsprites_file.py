"""Reads dSprites from its published file, npz or hdf5."""

import contextlib
import hashlib
import os
import pathlib
from collections.abc import Iterator

import h5py
import numpy as np

from tfdisent.data import dsprites_check
from tfdisent.data import dsprites_renderer as renderer
from tfdisent.data.array_blocks import DAMAGE
from tfdisent.errors import RunError, UsageError

# Hashes of the two published files.
_NPZ_MD5 = "7da33b31b13a06f4b04a70402ce90c2e"
_HDF5_SHA256 = (
    "729fa22e884c9c500e1f17415d580746b4c5894fbbb780a1319bbcfa39a745bb"
)
_IMAGES_PER_READ = 1024


def read_packed(path: pathlib.Path) -> tuple[np.ndarray, str]:
    """Reads and checks the file.

    The shapes, the order of the images, that pixels are 0 or 1, and that
    the images are those that the renderer draws are checked always; the
    hash decides whether the file is called the original.

    Args:
      path: the published npz or hdf5 file, under any name.

    Returns:
      The images [737280, 512] uint8, packed as `render_all` does it, and
      the provenance.

    Raises:
      UsageError: there is no such file.
      RunError: the file is damaged or is not dSprites.
    """
    if not os.path.isfile(path):
        raise UsageError(
            f"--data_file={path} is not a file; give the path of dSprites as "
            "npz or hdf5, or leave the flag out to draw the images."
        )
    try:
        with _open(path) as (images, classes):
            packed = _check_and_pack(path, images, classes)
    except (RunError, UsageError):
        raise  # These say what is wrong.
    except KeyError as e:
        raise RunError(
            f"{path} is not dSprites: it has no images and classes of that "
            f"data set ({e.args[0]}); give its published npz or hdf5."
        ) from e
    except DAMAGE as e:
        raise RunError(
            f"{path} is damaged or cut short ({path.stat().st_size} bytes: "
            f"{e}); fetch the file again, or leave --data_file out to draw "
            "the images."
        ) from e
    difference = dsprites_check.compare_with_rendered(packed, path)
    return packed, f"{_describe(path)}, {difference}"


@contextlib.contextmanager
def _open(path: pathlib.Path) -> Iterator[tuple[Iterator, np.ndarray]]:
    """Yields an iterator over blocks of images, and the latent classes."""
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"PK"):
        with np.load(path) as archive, archive.zip.open("imgs.npy") as file:
            yield _npy_blocks(file), archive["latents_classes"]
    elif magic == b"\x89HDF\r\n\x1a\n":
        with h5py.File(path, "r") as file:
            images = file["imgs"]
            yield _hdf5_blocks(images), file["latents/classes"][:]
    else:
        raise RunError(
            f"{path} is neither npz nor hdf5; give dSprites in one of these "
            "two formats, or leave --data_file out to draw the images."
        )


def _hdf5_blocks(images: h5py.Dataset) -> Iterator[np.ndarray]:
    """Yields blocks [n, ...] of whole chunks, so each is unpacked once."""
    chunk = images.chunks[0] if images.chunks else 1
    step = chunk * -(-_IMAGES_PER_READ // chunk)
    for start in range(0, len(images), step):
        yield images[start : start + step]


def _npy_blocks(file) -> Iterator[np.ndarray]:
    """Yields blocks [n, ...] of a .npy stream: unpacked it takes 3 GB."""
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read_header(file)
    row = int(np.prod(shape[1:])) * dtype.itemsize
    for start in range(0, shape[0], _IMAGES_PER_READ):
        n = min(_IMAGES_PER_READ, shape[0] - start)
        yield np.frombuffer(file.read(n * row), dtype).reshape(n, *shape[1:])
    # The archive's checksum is compared when its end is read.
    file.read(1)


def _check_and_pack(
    path: pathlib.Path, blocks: Iterator[np.ndarray], classes: np.ndarray
) -> np.ndarray:
    """Returns the packed images [737280, 512] if order and pixels are right."""
    order = np.indices(renderer.FACTOR_SIZES).reshape(5, -1).T
    # The published classes start with the colour, of which there is one.
    if not np.array_equal(classes[:, -5:], order):
        raise RunError(
            f"{path} does not hold the images of dSprites in their published "
            f"order: its latent classes {classes.shape} are others; fetch the "
            "file again."
        )
    packed = np.zeros((renderer.NUM_IMAGES, renderer.BYTES_PER_IMAGE), np.uint8)
    start = 0
    for block in blocks:
        packed[start : start + len(block)] = dsprites_check.pack(block, path)
        start += len(block)
    if start != renderer.NUM_IMAGES:
        raise RunError(
            f"{path} holds {start} images and dSprites has "
            f"{renderer.NUM_IMAGES}; fetch the file again."
        )
    return packed


def _describe(path: pathlib.Path) -> str:
    """Names the file, as the original if its hash is known."""
    with path.open("rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if md5 == _NPZ_MD5:
        return f"original npz (md5 {md5[:8]})"
    if sha256 == _HDF5_SHA256:
        return f"original hdf5 (sha256 {sha256[:8]})"
    return f"file of unknown hash {path.name} (sha256 {sha256[:8]})"
