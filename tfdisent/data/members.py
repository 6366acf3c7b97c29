"""Some images of a data set, chosen by index or at random."""

import functools

import numpy as np

from tfdisent.data.combinations import Combinations
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError


class Members(FactorDataset):
    """Images of a whole, by their indices; an image may be there repeatedly.

    The images are in the order of the whole. A part is never taken for a
    product, even if it holds every image: its `whole` may be one.

    Args:
      whole: A product, or a table of images; its `whole` is itself.
      members: [n] integers in [0, len(whole)), n >= 1; in any order.
      parent: What the part was taken from: the whole, or a part of it.
      text: How it was taken; provenance is "subset(text) of ...".

    Attributes:
      members: [n] int64, sorted; image i of this is image members[i] of whole.
    """

    def __init__(
        self,
        whole: FactorDataset,
        members: np.ndarray,
        parent: FactorDataset,
        text: str,
    ):
        super().__init__(
            name=whole.name,
            provenance=f"subset({text}) of {parent.provenance}",
            factor_names=whole.factor_names,
            factor_sizes=whole.factor_sizes,
            image_shape=whole.image_shape,
            value_names=whole.value_names,
            storage=whole.storage,
        )
        self._whole = whole
        self.members = np.sort(np.asarray(members, np.int64))

    @property
    def is_product(self) -> bool:
        return False

    @property
    def whole(self) -> FactorDataset:
        return self._whole

    def verify(self) -> None:
        self._whole.verify()

    def __len__(self) -> int:
        return len(self.members)

    def images(self, indices: np.ndarray) -> np.ndarray:
        return self._whole.images(self.members[indices])

    def factors_of(self, indices: np.ndarray) -> np.ndarray:
        return self._whole.factors_of(self.members[indices])

    def indices_of(self, factors: np.ndarray) -> np.ndarray:
        """The first image with each of the factors [n, K]; see the base.

        Raises:
          ValueError: No image has them.
        """
        return self._combinations.first(
            self._numbers(factors), f"{self.provenance}; use `whole`"
        )

    def sample_factors(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """The factors [n, K] int64 of n images, drawn at random."""
        return self.factors_of(rng.integers(len(self), size=n))

    def _numbers(self, factors: np.ndarray) -> np.ndarray:
        """The mixed radix of factors [n, K]; all 0 if no factor is known."""
        if not self.factor_names:
            return np.zeros(len(factors), np.int64)
        return super().indices_of(factors)

    @functools.cached_property
    def _combinations(self) -> Combinations:
        factors = self.factors_of(np.arange(len(self)))
        return Combinations(self._numbers(factors))


def members_of(dataset: FactorDataset) -> np.ndarray:
    """The indices [n] int64 in `dataset.whole` of all images, sorted."""
    if dataset.whole is dataset:
        return np.arange(len(dataset))
    return dataset.members


def part_of(parent: FactorDataset, chosen: np.ndarray, text: str) -> Members:
    """Keeps chosen images of a whole, or of a part of one.

    Args:
      parent: A data set or a view.
      chosen: [n] indices in it, n >= 1; repetitions are kept.
      text: How they were chosen, for the provenance.
    """
    return Members(parent.whole, members_of(parent)[chosen], parent, text)


def random_subset(dataset: FactorDataset, n: int, seed: int) -> Members:
    """Keeps n images, drawn without replacement, in their stored order.

    Args:
      dataset: A data set or a view.
      n: Number of images, in [1, len(dataset)].
      seed: Of the draw; a non-negative integer.

    Raises:
      UsageError: n is out of range or the seed is negative.
    """
    if not 1 <= n <= len(dataset):
        raise UsageError(
            f"random={n} of {dataset.name} is not possible; it takes between "
            f"1 and {len(dataset)} images."
        )
    if seed < 0:
        raise UsageError(f"The seed {seed} is negative; it starts at 0.")
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(dataset), size=n, replace=False)
    return part_of(dataset, chosen, f"random={n}@{seed}")
