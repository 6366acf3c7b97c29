"""Codes of a data set's images: what metrics measure."""

import functools
from collections.abc import Callable, Mapping

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.evaluation.cached_rows import CachedRows
from tfdisent.metrics.samplers import TableSampler

MANY = 100_000


class DatasetPoints:
    """The images of a data set and their factors, for a CodeSampler's codes.

    A point is the index of an image; see `metrics.codes.CodeSampler`. Of a
    product the factors are drawn, else the images.

    Args:
      dataset: Where the images are.
      settings: What defines the codes, as JSON, for evaluation.json.
      provenance: The same in words.
    """

    def __init__(
        self,
        dataset: FactorDataset,
        *,
        settings: Mapping | None = None,
        provenance: str = "",
    ):
        self.dataset = dataset
        self.factor_names = dataset.factor_names
        self.factor_sizes = dataset.factor_sizes
        self.num_points = len(dataset)
        # Of few images, those to train on and those to test on are told apart.
        self.with_replacement = dataset.is_product or len(dataset) > MANY
        self.settings = dict(settings or {})
        self.provenance = provenance

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        if not self.dataset.is_product:
            return rng.integers(self.num_points, size=n)
        return self.dataset.indices_of(self.dataset.sample_factors(n, rng))

    def sample_with(
        self, which: np.ndarray, values: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """See `metrics.codes.CodeSampler.sample_with`.

        Raises:
          UsageError: If the data set is no product and has no image with one
            of the values.
        """
        if not self.dataset.is_product:
            return self._members.sample_with(which, values, rng)
        factors = self.dataset.sample_factors(len(which), rng)
        factors[np.arange(len(which)), which] = values
        return self.dataset.indices_of(factors)

    def factors(self, points: np.ndarray) -> np.ndarray:
        return self.dataset.factors_of(points)

    @functools.cached_property
    def _members(self) -> TableSampler:
        """Finds the images of a set that is no product by their factors."""
        factors = self.factors(np.arange(self.num_points))
        return TableSampler(
            np.zeros((self.num_points, 1)), factors, self.factor_names
        )


class DatasetCodes(DatasetPoints):
    """Codes that are a function of the images, each encoded once.

    An image has the same bits in every metric; see `CachedRows`.

    Args:
      dataset: Where the images are.
      encode: Maps images [n, H, W, C] float32 in [0, 1] to codes [n, D].
      **described: For `DatasetPoints`.
    """

    def __init__(
        self,
        dataset: FactorDataset,
        encode: Callable[[np.ndarray], np.ndarray],
        **described,
    ):
        super().__init__(dataset, **described)
        self._rows = CachedRows(
            lambda points: (encode(pixels(dataset, points)),), len(dataset)
        )

    def codes(self, points: np.ndarray) -> np.ndarray:
        return self._rows(points)[0]


class DatasetPosteriors(DatasetPoints):
    """A diagonal Gaussian q(z|x) of each image, whose mean is the code.

    Args:
      dataset: Where the images are.
      encode: Maps images [n, H, W, C] float32 in [0, 1] to means and standard
        deviations, [n, D] each.
      **described: For `DatasetPoints`.
    """

    def __init__(
        self,
        dataset: FactorDataset,
        encode: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
        **described,
    ):
        super().__init__(dataset, **described)
        self._rows = CachedRows(
            lambda points: encode(pixels(dataset, points)), len(dataset)
        )

    def codes(self, points: np.ndarray) -> np.ndarray:
        return self._rows(points)[0]

    def posteriors(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._rows(points)


def pixels(dataset: FactorDataset, points: np.ndarray) -> np.ndarray:
    """Images [n, H, W, C] float32 in [0, 1] of points [n]."""
    return dataset.images(points).astype(np.float32) / 255
