"""Images that are unpacked once, and found again.

What lies in archives, compressed files or a folder of pictures is unpacked once
into a folder of the data_dir:

    images.npy    [N, H, W, C] uint8
    factors.npy   [N, K] int64
    about.json    where they come from, and the hash of the images
"""

import contextlib
import hashlib
import json
import logging
import math
import operator
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import tqdm

from tfdisent.data.array_cache import default_data_dir
from tfdisent.data.image_rows import ImageRows
from tfdisent.data.source_identity import identity_of
from tfdisent.errors import RunError
from tfdisent.files import locked

_log = logging.getLogger(__name__)

Blocks = Iterable[tuple[np.ndarray, np.ndarray]]


class KeptRows(ImageRows):
    """Images that `kept_rows` has unpacked.

    Attributes:
      about: What about.json says of them; "sha256" is their hash, "left_out"
        how many there are less than announced.
    """

    def __init__(self, path, shape, offset, about: dict):
        super().__init__(path, shape, offset)
        self.about = about

    def verify(self) -> None:
        """Compares all bytes with the hash that was noted when they were kept.

        Raises:
          RunError: They differ.
        """
        if self.about["sha256"] != self.sha256():
            raise RunError(
                f"{self.path} is damaged: its images have not the hash that "
                "they were kept with; delete its folder, and they are "
                "unpacked again."
            )


def kept_rows(
    name: str,
    sources: Sequence[pathlib.Path],
    blocks: Callable[[], Blocks],
    *,
    num_images: int,
    image_shape: tuple[int, int, int] | Callable[[], tuple[int, int, int]],
    settings: Mapping | None = None,
    data_dir: str | os.PathLike | None = None,
) -> tuple[KeptRows, np.ndarray]:
    """Opens unpacked images, or unpacks them first.

    They are found again by the name, the settings, and the paths, sizes and
    times of the sources: what has changed is unpacked anew. The folder appears
    when all of it is written. A bar shows how far it is.

    Args:
      name: Of the data set; the folder's name starts with it.
      sources: Files that the images come from, or folders of such.
      blocks: Gives pairs of images [n, H, W, C] uint8 and factors [n, K]
        integers, which are kept in this order. What it raises goes through,
        but an OSError is taken for one of the disk that is written to.
      num_images: How many there are at most.
      image_shape: (H, W, C), or a function that gives it: asked only when
        images are unpacked, for the settings and sources determine it.
      settings: What else the images depend on, as JSON.
      data_dir: Holds the folder; ~/.cache/tfdisent by default.

    Returns:
      The images, and the factors [N, K] int64.

    Raises:
      RunError: The disk has no room or refuses; there are no images, or of
        another shape; or what was kept is damaged.
    """
    parent = pathlib.Path(data_dir or default_data_dir()).expanduser()
    about = {
        "name": name,
        "sources": [identity_of(path) for path in sources],
        "image_shape": None if callable(image_shape) else list(image_shape),
        "settings": dict(settings or {}),
    }
    # numpy's integers become plain ones.
    text = json.dumps(about, sort_keys=True, default=operator.index)
    about, key = json.loads(text), hashlib.sha256(text.encode())
    folder = parent / f"{name}_{key.hexdigest()[:12]}"
    if not folder.exists():
        if callable(image_shape):
            image_shape = image_shape()
        image_shape = tuple(map(operator.index, image_shape))
        size = num_images * math.prod(image_shape)
        try:
            _remove_abandoned(parent, name)
            _check_room(parent, size)
            _write(folder, about, blocks(), num_images, image_shape)
        except OSError as error:
            raise RunError(
                f"Cannot unpack {name} into {folder} ({error}); give a "
                f"--data_dir with {size / 1e6:,.0f} MB free."
            ) from error
    return _open(folder)


def _remove_abandoned(parent: pathlib.Path, name: str) -> None:
    """Removes what killed processes left: no living one holds its lock."""
    for part in parent.glob(f".{name}_*/part"):
        with (
            contextlib.suppress(RunError),
            locked(part.parent, "It is being written."),
        ):
            shutil.rmtree(part.parent, ignore_errors=True)


def _check_room(parent: pathlib.Path, size: int) -> None:
    parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(parent).free
    if free < size:
        raise RunError(
            f"{parent} has {free / 1e6:,.0f} MB free and the unpacked images "
            f"take {size / 1e6:,.0f} MB; give another --data_dir."
        )


def _write(
    folder: pathlib.Path,
    about: dict,
    blocks: Blocks,
    num_images: int,
    image_shape: tuple[int, int, int],
) -> None:
    """Writes to a folder of another name, and renames it."""
    with (
        tempfile.TemporaryDirectory(
            dir=folder.parent, prefix=f".{folder.name}."
        ) as temporary,
        locked(pathlib.Path(temporary), f"{temporary} is being written."),
    ):
        # Whoever sees the part sees that it is locked.
        part = pathlib.Path(temporary) / "part"
        part.mkdir()
        found = _write_images(
            part, _watched(blocks, num_images, about["name"]), image_shape
        )
        if not found["images"]:
            raise RunError(f"{about['name']} has no image to unpack.")
        found["left_out"] = num_images - found["images"]
        text = json.dumps({**about, **found}, indent=2)
        (part / "about.json").write_text(text + "\n")
        try:
            part.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            _log.info("%s was unpacked by another process.", folder)


def _write_images(
    part: pathlib.Path, blocks: Blocks, image_shape: tuple[int, ...]
) -> dict:
    """Writes images and factors; returns their number and hash."""
    factors, digest, count = [], hashlib.sha256(), 0
    with (part / "images.npy").open("wb") as file:
        _write_header(file, 0, image_shape)
        for images, values in blocks:
            if images.shape[1:] != image_shape:
                raise RunError(
                    f"Images are {images.shape[1:]} where all must be "
                    f"{image_shape}; write or fetch their files again."
                )
            images = np.ascontiguousarray(images, np.uint8)
            file.write(images)
            digest.update(images)
            factors.append(values)
            count += len(images)
        file.seek(0)
        _write_header(file, count, image_shape)
        file.flush()
        os.fsync(file.fileno())
    if factors:
        table = np.concatenate(factors).astype(np.int64)
        np.save(part / "factors.npy", table)
    return {"images": count, "sha256": digest.hexdigest()}


def _watched(
    blocks: Blocks, total: int, name: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    with tqdm.tqdm(
        total=total, desc=f"unpacking {name}", unit=" images", disable=None
    ) as progress:
        for images, factors in blocks:
            yield images, factors
            progress.update(len(images))


def _write_header(file, count: int, image_shape: tuple[int, ...]) -> None:
    # numpy pads headers such that the first axis may grow in place.
    np.lib.format.write_array_header_1_0(
        file,
        {
            "descr": "|u1",
            "fortran_order": False,
            "shape": (count, *image_shape),
        },
    )


def _open(folder: pathlib.Path) -> tuple[KeptRows, np.ndarray]:
    path = folder / "images.npy"
    try:
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            shape, _, _ = np.lib.format.read_array_header_1_0(file)
            offset = file.tell()
        factors = np.load(folder / "factors.npy")
        about = json.loads((folder / "about.json").read_text())
        if not isinstance(about, dict) or "sha256" not in about:
            raise ValueError("its about.json notes no hash")
        if factors.shape[:1] != shape[:1]:
            raise ValueError(f"images {shape}, factors {factors.shape}")
    except (OSError, ValueError, EOFError) as error:
        raise RunError(
            f"The unpacked images in {folder} are damaged ({error}); delete "
            "the folder, and they are unpacked again."
        ) from error
    return KeptRows(path, shape, offset, about), factors
