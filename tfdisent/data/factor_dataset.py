"""The interface of every data set: images, and the factors they belong to."""

import abc
import math
from collections.abc import Mapping, Sequence

import numpy as np


class FactorDataset(abc.ABC):
    """Images, each with the values of K factors; K is 0 if none is known.

    A product data set holds every combination exactly once, in the order
    of the mixed radix of its factors, the last factor fastest:

        index = (f_1 * size_2 + f_2) * size_3 + ... + f_K

    Parts of a product (`tfdisent.data.members`) and images with a table of
    factors (`tfdisent.data.rows_dataset`) override what this class says about
    the product.

    Attributes:
      name: what the data set is called in DATASETS.
      provenance: where the pixels come from, and what was verified.
      factor_names: K names.
      factor_sizes: K numbers of values; factor k is in [0, size_k).
      image_shape: (height, width, channels).
      value_names: names of a factor's values, for the factors that have some.
      storage: where the pixels lie: "memory" or the path of a file.
    """

    def __init__(
        self,
        *,
        name: str,
        provenance: str,
        factor_names: tuple[str, ...],
        factor_sizes: tuple[int, ...],
        image_shape: tuple[int, int, int],
        value_names: Mapping[str, Sequence[str]] | None = None,
        storage: str = "memory",
    ):
        self.name = name
        self.provenance = provenance
        self.factor_names = tuple(factor_names)
        self.factor_sizes = tuple(factor_sizes)
        self.image_shape = tuple(image_shape)
        self.value_names = dict(value_names or {})
        self.storage = storage

    @abc.abstractmethod
    def images(self, indices: np.ndarray) -> np.ndarray:
        """Returns the images at the indices.

        Args:
          indices: [n] integers in [0, len(self)).

        Returns:
          [n, H, W, C] uint8 in 0..255, a new array.
        """

    def verify(self) -> None:  # noqa: B027
        """Reads all that is kept of it on disk, where loading has not.

        Raises:
          RunError: It is damaged.
        """

    @property
    def is_product(self) -> bool:
        """Whether every combination of factors occurs exactly once."""
        return True

    @property
    def whole(self) -> "FactorDataset":
        """What metrics are computed on: the set that a part was taken from.

        A product for a part of a product, since metrics fix some factors and
        draw the others.
        """
        return self

    def __len__(self) -> int:
        return math.prod(self.factor_sizes)

    def factors_of(self, indices: np.ndarray) -> np.ndarray:
        """Returns the factors [n, K] int64 of the images at indices [n].

        Raises:
          ValueError or IndexError: an index is len(self) or more.
        """
        indices = np.asarray(indices, np.int64)
        return np.stack(np.unravel_index(indices, self.factor_sizes), axis=-1)

    def indices_of(self, factors: np.ndarray) -> np.ndarray:
        """Returns the indices [n] int64 of the images with factors [n, K].

        Raises:
          ValueError: a factor is not in [0, size).
        """
        factors = np.asarray(factors, np.int64)
        columns = tuple(np.moveaxis(factors, -1, 0))
        return np.ravel_multi_index(columns, self.factor_sizes)

    def sample_factors(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draws the factors [n, K] int64 of n images, uniform, independent."""
        return rng.integers(self.factor_sizes, size=(n, len(self.factor_sizes)))
