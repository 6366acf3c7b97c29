"""Reads MPI3D from its published archives, without a copy where it can.

An archive is an npz with one array, images.npy: `[N, 64, 64, 3]` uint8 in the
order of the factors, 12.7 GB. If it is stored as it is, images are read in
place; if it is compressed, it is unpacked once. Either way all of it is read
and checked the first time, and the hash is noted down in the data_dir.
"""

import hashlib
import json
import logging
import math
import os
import pathlib
import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
import tqdm

from tfdisent.data.array_blocks import DAMAGE
from tfdisent.data.array_cache import default_data_dir
from tfdisent.data.image_rows import ImageRows
from tfdisent.data.kept_rows import Blocks, kept_rows
from tfdisent.errors import RunError, UsageError
from tfdisent.files import whole_file

_log = logging.getLogger(__name__)

# The published sets, and the smaller ones of the 2019 challenge and of complex
# real objects: the number of images tells the sizes of the factors.
SIZES_OF_LENGTH = {
    1_036_800: (6, 6, 2, 3, 3, 40, 40),
    460_800: (4, 4, 2, 3, 3, 40, 40),
}
# Of the archives, as the library disent lists them.
_MD5 = {
    "55889cb7c7dfc655d6e0277beee88868": "mpi3d_toy",
    "59a6225b88b635365f70c91b3e52f70f": "mpi3d_realistic",
    "0f33f609918fb5c97996692f91129802": "mpi3d_real",
}
_ARRAY = "images.npy"
_IMAGE_SHAPE = (64, 64, 3)
_IMAGES_PER_READ = 1024


class _Array(NamedTuple):
    """Where the images lie.

    Attributes:
      count: N.
      member: First byte of images.npy in the archive.
      header: Bytes of images.npy before the first image.
      stored: Whether images.npy is not compressed.
    """

    count: int
    member: int
    header: int
    stored: bool


def open_images(
    path: pathlib.Path, name: str, data_dir: str | None
) -> tuple[ImageRows, str]:
    """Opens an archive of MPI3D.

    Args:
      path: Of the npz, under any name.
      name: Of the data set: mpi3d_toy, mpi3d_realistic or mpi3d_real.
      data_dir: Where it is noted that the archive is whole, and where images
        are unpacked if they are compressed; ~/.cache/tfdisent by default.

    Returns:
      The images, and the provenance.

    Raises:
      UsageError: There is no such file, or it is another of the three.
      RunError: It is damaged or is not MPI3D.
    """
    if not os.path.isfile(path):
        raise UsageError(
            f"--data_file={path} is not a file; give the path of {name}.npz, "
            "or use --dataset=mpi3d_rendered."
        )
    try:
        array = _find(path)
        md5 = _md5_once(path, name, array, data_dir)
        if _MD5.get(md5, name) != name:
            raise UsageError(
                f"--data_file={path} is {_MD5[md5]}, and --dataset={name} asks "
                f"for another set; use --dataset={_MD5[md5]}."
            )
        rows = _rows(path, name, array, data_dir)
    except (RunError, UsageError):
        raise  # These say what is wrong.
    except DAMAGE as error:
        raise RunError(
            f"{path} is damaged or cut short ({path.stat().st_size} bytes: "
            f"{error}); fetch the file again, or use --dataset=mpi3d_rendered."
        ) from error
    if md5 in _MD5:
        return rows, f"original npz (md5 {md5[:8]})"
    return rows, f"file of unknown hash {path.name} (md5 {md5[:8]})"


def _find(path: pathlib.Path) -> _Array:
    """Finds the array in the archive."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            raise RunError(
                f"{path} is not an npz archive; fetch MPI3D again, or use "
                "--dataset=mpi3d_rendered."
            )
    with zipfile.ZipFile(path) as archive:
        if _ARRAY not in archive.namelist():
            raise RunError(
                f"{path} holds {', '.join(archive.namelist()) or 'nothing'}, "
                f"and MPI3D holds {_ARRAY}; give another --data_file."
            )
        info = archive.getinfo(_ARRAY)
        with archive.open(info) as file:
            count = _read_header(path, file)
            header = file.tell()
    if info.file_size != header + count * math.prod(_IMAGE_SHAPE):
        raise EOFError(f"{_ARRAY} has {info.file_size} bytes")
    with path.open("rb") as file:
        # A local header has 30 bytes, then a name and extra fields.
        file.seek(info.header_offset + 26)
        sizes = struct.unpack("<HH", file.read(4))
    return _Array(
        count,
        member=info.header_offset + 30 + sum(sizes),
        header=header,
        stored=info.compress_type == zipfile.ZIP_STORED,
    )


def _read_header(path: pathlib.Path, file: BinaryIO) -> int:
    """Reads a npy header; returns how many images follow it."""
    np.lib.format.read_magic(file)
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    right = dtype == np.uint8 and shape[1:] == _IMAGE_SHAPE and not fortran
    if not right or shape[0] not in SIZES_OF_LENGTH:
        counts = " or ".join(map(str, SIZES_OF_LENGTH))
        raise RunError(
            f"{path} holds {dtype} {shape}, and MPI3D is uint8 (N, 64, 64, 3) "
            f"in C order with N = {counts}; give another --data_file."
        )
    return shape[0]


def _md5_once(
    path: pathlib.Path, name: str, array: _Array, data_dir: str | None
) -> str:
    """The archive's md5, noted when all of it is read for the first time."""
    folder = pathlib.Path(data_dir or default_data_dir()).expanduser()
    note = folder / f"{name}_checked.json"
    status = path.stat()
    this = [str(path.resolve()), status.st_size, status.st_mtime_ns]
    try:
        noted = json.loads(note.read_text())
        if noted["file"] == this:
            return noted["md5"]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # There is no note yet, or no good one.
    md5 = _md5(path, array)
    try:
        with whole_file(note) as file:
            file.write(json.dumps({"file": this, "md5": md5}).encode())
    except OSError as error:
        _log.warning(
            "Cannot note in %s that %s is whole (%s); the next command reads "
            "all of it again, unless --data_dir names a folder to write to.",
            note,
            path,
            error.strerror or error,
        )
    return md5


def _md5(path: pathlib.Path, array: _Array) -> str:
    """Reads all of the archive; compares the array's checksum if need be."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        for block in _watched(file, path.stat().st_size, "hashing"):
            digest.update(block)
    md5 = digest.hexdigest()
    # A compressed array's checksum is compared when it is unpacked.
    if array.stored and md5 not in _MD5:
        with zipfile.ZipFile(path) as archive, archive.open(_ARRAY) as file:
            for _ in _watched(file, path.stat().st_size, "checking"):
                pass
    return md5


def _watched(file: BinaryIO, size: int, what: str) -> Iterator[bytes]:
    """Reads to the end, block by block, with a bar."""
    with tqdm.tqdm(
        total=size,
        desc=f"{what} MPI3D",
        unit="B",
        unit_scale=True,
        disable=None,
    ) as progress:
        while block := file.read(2**24):
            yield block
            progress.update(len(block))


def _rows(
    path: pathlib.Path, name: str, array: _Array, data_dir: str | None
) -> ImageRows:
    shape = (array.count, *_IMAGE_SHAPE)
    if array.stored:
        return ImageRows(path, shape, array.member + array.header)
    rows, _ = kept_rows(
        name,
        [path],
        lambda: _unpacked(path, array),
        num_images=array.count,
        image_shape=_IMAGE_SHAPE,
        data_dir=data_dir,
    )
    return rows


def _unpacked(path: pathlib.Path, array: _Array) -> Blocks:
    """Yields blocks of images, with no factors: their order tells them."""
    with zipfile.ZipFile(path) as archive, archive.open(_ARRAY) as file:
        file.read(array.header)
        while block := file.read(_IMAGES_PER_READ * math.prod(_IMAGE_SHAPE)):
            images = np.frombuffer(block, np.uint8).reshape(-1, *_IMAGE_SHAPE)
            yield images, np.empty((len(images), 0), np.int64)
