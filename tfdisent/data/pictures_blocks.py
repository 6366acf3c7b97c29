"""Many pictures, decoded in threads: blocks for `kept_rows`."""

import concurrent.futures
import itertools
import logging
import os
from collections.abc import Iterable, Iterator

import numpy as np

from tfdisent.data.image_rows import rows_per_read
from tfdisent.data.kept_rows import KeptRows
from tfdisent.data.pictures import Source, read_picture
from tfdisent.errors import RunError, UsageError

_log = logging.getLogger(__name__)

_PICTURES_PER_BLOCK = 256
_MOST_NAMES = 10


def pictures_blocks(
    pictures: Iterable[tuple[str, Source]],
    *,
    mode: str = "RGB",
    size: tuple[int, int] | None = None,
    crop: int | None = None,
    skip_unreadable: bool = False,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Decodes many pictures in threads, and hands them on in their order.

    All are tried before those that cannot be read are told of together.

    Args:
      pictures: Their names (for messages) and sources; taken as needed.
      mode: See `read_picture`, as for `size` and `crop`.
      size: If None, all pictures must have one size.
      crop: Side of the square centre to take.
      skip_unreadable: Warn of what cannot be read, rather than raise.

    Yields:
      Images [n, H, W, C] uint8, and which of `pictures` they are, [n] int64.

    Raises:
      UsageError: `size` is None and two pictures have different sizes.
      RunError: After the last block: some cannot be read.
    """

    def read(picture):
        name, source = picture
        try:
            return name, read_picture(
                source, mode=mode, size=size, crop=crop, name=name
            )
        except RunError as error:
            return name, error

    pictures, start = iter(pictures), 0
    first, faults = None, []
    # The first tells how many fit into a block.
    step = 1
    with concurrent.futures.ThreadPoolExecutor(_threads()) as pool:
        while batch := list(itertools.islice(pictures, step)):
            images, rows = [], []
            for row, (name, result) in enumerate(pool.map(read, batch), start):
                if isinstance(result, RunError):
                    faults.append(result)
                    continue
                first = first or (name, result.shape)
                _check_shape(first, (name, result.shape))
                images.append(result)
                rows.append(row)
            start += len(batch)
            if rows:
                step = rows_per_read(images[0].nbytes, _PICTURES_PER_BLOCK)
                yield np.stack(images), np.array(rows, np.int64)
    _tell(faults, start, skip_unreadable)


def left_out(rows: KeptRows) -> str:
    """Says in a provenance how many pictures were skipped, if any was."""
    count = rows.about.get("left_out")
    return f", {count:,} unreadable left out" if count else ""


def _tell(faults: list[RunError], total: int, skip_unreadable: bool) -> None:
    """Raises one error for all pictures that cannot be read, or warns."""
    if not faults:
        return
    names = "; ".join(str(fault).rstrip(".") for fault in faults[:_MOST_NAMES])
    if len(faults) > _MOST_NAMES:
        names += f"; and {len(faults) - _MOST_NAMES} more"
    found = f"{len(faults):,} of {total:,} pictures cannot be used ({names})"
    if not skip_unreadable:
        raise RunError(
            f"{found}; mend or remove them, or go on without them with "
            "--skip_unreadable."
        )
    _log.warning("%s and are left out.", found)


def _check_shape(
    first: tuple[str, tuple[int, ...]], other: tuple[str, tuple[int, ...]]
) -> None:
    if first[1] != other[1]:
        raise UsageError(
            f"Pictures must have one size, and {first[0]} has "
            f"{first[1][1]}x{first[1][0]} pixels and {other[0]} has "
            f"{other[1][1]}x{other[1][0]}; give --image_size."
        )


def _threads() -> int:
    return min(8, os.cpu_count() or 1)
