"""A folder of pictures as rows of images that are unpacked once."""

import collections
import functools
import logging
import os
import pathlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
import tqdm

from tfdisent.data.image_rows import ImageRows
from tfdisent.data.kept_rows import kept_rows
from tfdisent.data.pictures import picture_form
from tfdisent.data.pictures_blocks import pictures_blocks
from tfdisent.data.source_identity import listing_of
from tfdisent.errors import RunError, UsageError

_log = logging.getLogger(__name__)


def files_below(folder: pathlib.Path, suffixes: tuple[str, ...]) -> list[str]:
    """Paths within a folder and its sub-folders, by their suffix.

    Hidden files and folders are left out; links are followed, and a folder
    that is reached in two ways is taken once.

    Args:
      folder: Exists.
      suffixes: Such as ".png"; files may have them in capitals.

    Returns:
      Relative paths with /, in natural order: a2.png before a10.png.

    Raises:
      UsageError: A folder cannot be listed.
    """
    found, seen = [], set()
    for parent, folders, files in os.walk(
        folder, onerror=_refuse, followlinks=True
    ):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if name[0] != ".")
        # Of strings: a hundred thousand paths would take seconds to make.
        start = os.path.relpath(parent, folder) + "/"
        found += [
            (start + name).removeprefix("./")
            for name in files
            if name.lower().endswith(suffixes) and name[0] != "."
        ]
    return sorted(found, key=_natural)


def picture_rows(
    folder: pathlib.Path,
    names: Sequence[str],
    *,
    image_size: int | None = None,
    skip_unreadable: bool = False,
    data_dir: str | os.PathLike | None = None,
) -> tuple[ImageRows, np.ndarray]:
    """Opens the pictures of a folder, which are unpacked the first time.

    They are found again by their paths, sizes and times.

    Args:
      folder: Of the pictures.
      names: Their paths within it.
      image_size: See `load_folder`, as for the rest.
      skip_unreadable: Leave out what cannot be read.
      data_dir: Keeps the unpacked images.

    Returns:
      N images, and [N] which of the names they are.

    Raises:
      UsageError: Without an image_size, sizes differ.
      RunError: Pictures cannot be read, or the disk has no room.
    """
    shape = functools.cache(lambda: _common_shape(folder, names, image_size))

    def blocks():
        images = pictures_blocks(
            ((str(folder / name), folder / name) for name in names),
            mode="L" if shape()[2] == 1 else "RGB",
            size=(image_size, image_size) if image_size else None,
            skip_unreadable=skip_unreadable,
        )
        for block, positions in images:
            yield block, positions[:, None]

    rows, positions = kept_rows(
        "folder",
        [],
        blocks,
        num_images=len(names),
        image_shape=shape,
        settings={
            "path": str(folder.resolve()),
            "listing": listing_of(folder, names),
            "image_size": image_size,
            "skip_unreadable": skip_unreadable,
        },
        data_dir=data_dir,
    )
    return rows, positions[:, 0]


def _natural(name: str) -> tuple[list, str]:
    # Text and numbers take turns, so like is compared with like.
    parts = re.split(r"([0-9]+)", name)
    parts[1::2] = map(int, parts[1::2])
    return parts, name


def _refuse(error: OSError) -> None:
    raise UsageError(
        f"{error.filename} cannot be listed: {error.strerror}."
    ) from error


def _common_shape(
    folder: pathlib.Path, names: Sequence[str], image_size: int | None
) -> tuple[int, int, int]:
    """The (H, W, C) that all pictures will have, from their first bytes."""
    # The sizes and kinds that occur, with an example of each.
    sizes, kinds = collections.Counter(), collections.Counter()
    examples = {}
    for name, form in _forms(folder, names):
        for counter, key in ((sizes, form[:2]), (kinds, form[2])):
            counter[key] += 1
            examples.setdefault(key, name)
    if not sizes:
        raise RunError(
            f"None of the {len(names):,} pictures in {folder} can be read, "
            f"such as {names[0]}; write or fetch them again."
        )
    if len(sizes) > 1 and not image_size:
        listed = ", ".join(
            f"{count:,} of {width}x{height} pixels ({examples[height, width]})"
            for (height, width), count in sizes.most_common(3)
        )
        raise UsageError(
            f"{folder} has pictures of {len(sizes)} sizes: {listed}; give "
            "--image_size to crop and resize all to one."
        )
    if len(kinds) > 1:
        _log.warning(
            "%s has %d grey pictures (%s) and %d in colour (%s); all are read "
            "as RGB.",
            folder,
            kinds[1],
            examples[1],
            kinds[3],
            examples[3],
        )
    height, width = next(iter(sizes))
    side = (image_size, image_size) if image_size else (height, width)
    return *side, max(kinds)


def _forms(
    folder: pathlib.Path, names: Sequence[str]
) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Gives the forms of pictures that can be read; the others come later."""
    for name in tqdm.tqdm(
        names, desc="looking at pictures", unit=" images", disable=None
    ):
        try:
            yield name, picture_form(folder / name)
        except RunError:
            # Decoding tells of it, together with what is damaged further on.
            continue
