"""Images one after another in a file, read by index.

Reading by index takes neither memory nor address space: 5.9 GB of images leave
no trace but in the system's page cache.
"""

import hashlib
import os
import pathlib

import numpy as np

from tfdisent.errors import RunError


def rows_per_read(row_bytes: int, most: int) -> int:
    """How many rows to read at once: as many as take 64 MB, but one at least.

    Args:
      row_bytes: Bytes of a row.
      most: Rows, however small they are.
    """
    return max(1, min(most, 2**26 // max(1, row_bytes)))


class ImageRows:
    """The images of a file, by index.

    Attributes:
      path: Of the file.
      shape: (N, H, W, C).

    Args:
      path: Holds N images one after another, H * W * C bytes each.
      shape: (N, H, W, C).
      offset: Where in the file the first image starts.

    Raises:
      RunError: The file is shorter than its images.
    """

    def __init__(
        self,
        path: pathlib.Path,
        shape: tuple[int, int, int, int],
        offset: int = 0,
    ):
        self.path = path
        self.shape = tuple(shape)
        self._offset = offset
        self._size = int(np.prod(shape[1:]))
        self._file = path.open("rb", buffering=0)
        needed, size = offset + shape[0] * self._size, path.stat().st_size
        if size < needed:
            raise RunError(
                f"{path} is cut short: it has {size} bytes and its {shape[0]} "
                f"images need {needed}; delete it, and it is made again."
            )

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Gives the images at indices [n], as [n, H, W, C] uint8.

        Raises:
          IndexError: An index is not in [0, N).
          RunError: The file has become shorter.
        """
        indices = np.asarray(indices, np.int64)
        if indices.size and not 0 <= indices.min() <= indices.max() < len(self):
            raise IndexError(f"{self.path} has the images 0 to {len(self) - 1}")
        images = np.empty((len(indices), self._size), np.uint8)
        descriptor = self._file.fileno()
        for row, place in zip(
            images, self._offset + indices * self._size, strict=True
        ):
            if os.preadv(descriptor, [row], int(place)) != self._size:
                raise RunError(f"{self.path} was cut short while it was read.")
        return images.reshape(len(indices), *self.shape[1:])

    def verify(self) -> None:
        """Does nothing: it is not known what a user's file should hold."""

    def sha256(self, indices: np.ndarray | None = None) -> str:
        """Hash of the images at indices [n]; of all of them by default."""
        indices = np.arange(len(self)) if indices is None else indices
        digest, step = hashlib.sha256(), rows_per_read(self._size, 4096)
        for start in range(0, len(indices), step):
            digest.update(self[indices[start : start + step]])
        return digest.hexdigest()
