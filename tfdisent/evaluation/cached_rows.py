"""Arrays with a row for each point, of which each row is computed once."""

import functools
from collections.abc import Callable

import numpy as np
import tqdm

BATCH_SIZE = 256
MAX_CACHE_BYTES = 1_000_000_000


class CachedRows:
    """Rows [n, ...] of one or more arrays, as a function of points [n].

    The function always sees BATCH_SIZE points, the last batch being filled up.
    Networks and matrix products then give each point the same bits whatever it
    is asked together with: measured for convolutions and dense layers, which do
    differ (1e-7) between batches of 1 and of 256.

    All rows that were computed are kept, unless the arrays would take more than
    MAX_CACHE_BYTES. A progress bar appears after two seconds.

    Args:
        function: maps points [BATCH_SIZE] int64 to a tuple of arrays, each with
            BATCH_SIZE rows.
        num_points: points are in 0..num_points - 1.
    """

    def __init__(
        self,
        function: Callable[[np.ndarray], tuple[np.ndarray, ...]],
        num_points: int,
    ):
        self._function = function
        self._num_points = num_points

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, ...]:
        """Returns the rows of points [n], in their order."""
        if self._cache is None:
            return self._computed(points)
        missing = np.unique(points[~self._known[points]])
        if missing.size:
            rows = self._computed(missing)
            for kept, new in zip(self._cache, rows, strict=True):
                kept[missing] = new
            self._known[missing] = True
        return tuple(kept[points] for kept in self._cache)

    @functools.cached_property
    def _known(self) -> np.ndarray:
        return np.zeros(self._num_points, bool)

    @functools.cached_property
    def _cache(self) -> tuple[np.ndarray, ...] | None:
        """Arrays for all points, or None if they are too large."""
        row = self._computed(np.zeros(1, np.int64))
        if sum(a.nbytes for a in row) * self._num_points > MAX_CACHE_BYTES:
            return None
        return tuple(
            np.empty((self._num_points, *a.shape[1:]), a.dtype) for a in row
        )

    def _computed(self, points: np.ndarray) -> tuple[np.ndarray, ...]:
        parts = []
        with tqdm.tqdm(
            total=len(points), desc="encode", delay=2, leave=False, disable=None
        ) as bar:
            for part in np.split(
                points, range(BATCH_SIZE, len(points), BATCH_SIZE)
            ):
                rows = self._function(np.resize(part, BATCH_SIZE))
                parts.append([np.asarray(a)[: len(part)] for a in rows])
                bar.update(len(part))
        return tuple(map(np.concatenate, zip(*parts, strict=True)))
