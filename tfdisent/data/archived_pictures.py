"""Pictures of a data set in an archive or a folder, found by their names."""

import contextlib
import pathlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from tfdisent.data.archives import open_members
from tfdisent.data.image_rows import ImageRows
from tfdisent.data.kept_rows import kept_rows
from tfdisent.data.pictures import picture_form
from tfdisent.data.pictures_blocks import pictures_blocks
from tfdisent.errors import RunError, UsageError


def kept_pictures(
    name: str,
    path: pathlib.Path,
    *,
    pattern: str,
    count: int,
    picture_size: tuple[int, int],
    factors_of: Callable[[Sequence[re.Match]], np.ndarray],
    image_shape: tuple[int, int, int],
    crop: int | None = None,
    skip_unreadable: bool = False,
    more_sources: Sequence[pathlib.Path] = (),
    data_dir: str | None = None,
) -> tuple[ImageRows, np.ndarray]:
    """Decodes the pictures of an archive once and keeps them as rows.

    Args:
      name: Of the data set.
      path: Of the zip, the tar or the folder.
      pattern: A regular expression for the end of the pictures' names.
      count: How many there must be.
      picture_size: (H, W) that all of them have.
      factors_of: Gives the factors [n, K] for the matches of the pattern with
        the names, which are sorted by these names.
      image_shape: (H, W, C) of the rows; C is 1 for grey.
      crop: Side of the square in the centre to take; the largest by default.
      skip_unreadable: Leave out, with a warning, what cannot be decoded.
      more_sources: Files beside the pictures that the factors come from.
      data_dir: Keeps the rows; ~/.cache/tfdisent by default.

    Returns:
      The images, and their factors [N, K].

    Raises:
      UsageError: A picture has another size.
      RunError: The archive is damaged; there are more or fewer pictures; or
        some cannot be decoded, and `skip_unreadable` is not set.
    """

    def blocks():
        with open_members(path) as members:
            matches = _matches(members, pattern)
            if len(matches) != count:
                raise RunError(
                    f"{path} has {len(matches):,} pictures that are named as "
                    f"those of {name} and must have {count:,}; give all that "
                    "was published, or use a part with --dataset=folder:PATH."
                )
            factors = factors_of(matches)
            for images, rows in pictures_blocks(
                _read(matches, members, picture_size),
                mode="L" if image_shape[2] == 1 else "RGB",
                size=image_shape[:2],
                crop=crop,
                skip_unreadable=skip_unreadable,
            ):
                yield images, factors[rows]

    return kept_rows(
        name,
        [path, *more_sources],
        blocks,
        num_images=count,
        image_shape=image_shape,
        settings={"crop": crop, "skip_unreadable": skip_unreadable},
        data_dir=data_dir,
    )


def _matches(names: Iterable[str], pattern: str) -> list[re.Match]:
    expression = re.compile(rf"(?:^|/){pattern}$")
    found = [expression.search(name) for name in sorted(names)]
    return [match for match in found if match]


def _read(
    matches: Sequence[re.Match],
    members: dict[str, Callable[[], bytes]],
    size: tuple[int, int],
) -> Iterator[tuple[str, bytes]]:
    """Yields names and contents of pictures."""
    for match in matches:
        content = members[match.string]()
        found = size
        # Of what cannot be read, the decoder tells together.
        with contextlib.suppress(RunError):
            found = picture_form(content)[:2]
        if found != size:
            raise UsageError(
                f"{match.string} has {found[1]}x{found[0]} pixels and all in "
                f"this data set have {size[1]}x{size[0]}; give them as they "
                "were published, or use --dataset=folder:PATH."
            )
        yield match.string, content
