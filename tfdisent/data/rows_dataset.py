"""Stored images with a table of their factors, if any are known."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tfdisent.data.combinations import Combinations
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.image_rows import ImageRows
from tfdisent.errors import UsageError


class RowsDataset(FactorDataset):
    """N images and their factors [N, K]; K may be 0.

    If each combination of factors occurs once, this is a product, in the order
    of its factors, however the rows are stored. Otherwise the images are in
    their stored order; several may have the same factors.

    Args:
      rows: Gives images [n, H, W, C] uint8 for indices [n]: an array, or
        `ImageRows`.
      factors: [N, K] integers from 0.
      name: See `FactorDataset`, as for what follows.
      provenance: Of the images.
      factor_names: K names.
      factor_sizes: K numbers of values; those that occur, unless given.
      value_names: Of some factors.

    Raises:
      ValueError: The factors do not fit the rows or the sizes.
      UsageError: They have more combinations than an int64 can number.
    """

    def __init__(
        self,
        rows: ImageRows | np.ndarray,
        factors: np.ndarray,
        *,
        name: str,
        provenance: str,
        factor_names: Sequence[str] = (),
        factor_sizes: Sequence[int] | None = None,
        value_names: Mapping[str, Sequence[str]] | None = None,
    ):
        factors = np.asarray(factors, np.int64)
        if factors.shape != (len(rows), len(factor_names)):
            raise ValueError(
                f"The factors have shape {factors.shape}; {len(rows)} images "
                f"with the factors {factor_names} need another."
            )
        if factor_sizes is None:
            factor_sizes = (factors.max(axis=0) + 1).tolist()
        super().__init__(
            name=name,
            provenance=provenance,
            factor_names=factor_names,
            factor_sizes=factor_sizes,
            image_shape=rows.shape[1:],
            value_names=value_names,
            storage=str(getattr(rows, "path", "memory")),
        )
        if math.prod(self.factor_sizes) > np.iinfo(np.int64).max:
            raise UsageError(
                f"The {len(factor_names)} factors of {name} have "
                f"{math.prod(self.factor_sizes):.0e} combinations and at most "
                "9e18 can be numbered; leave some factors out."
            )
        # The mixed radix of each row; all 0 if no factor is known.
        numbers = np.zeros(len(rows), np.int64)
        for k, size in enumerate(self.factor_sizes):
            if not 0 <= factors[:, k].min() <= factors[:, k].max() < size:
                raise ValueError(
                    f"{factor_names[k]} has values from {factors[:, k].min()} "
                    f"to {factors[:, k].max()}; it must have 0 to {size - 1}."
                )
            numbers = numbers * size + factors[:, k]
        self._rows, self._factors = rows, factors
        self._combinations = Combinations(numbers)
        self._is_product = len(rows) == math.prod(
            self.factor_sizes
        ) and np.array_equal(self._combinations.numbers, np.arange(len(rows)))

    def verify(self) -> None:
        if not isinstance(self._rows, np.ndarray):
            self._rows.verify()

    @property
    def is_product(self) -> bool:
        return self._is_product

    def __len__(self) -> int:
        return len(self._rows)

    def images(self, indices: np.ndarray) -> np.ndarray:
        return self._rows[self._rows_of(indices)]

    def factors_of(self, indices: np.ndarray) -> np.ndarray:
        return self._factors[self._rows_of(indices)]

    def indices_of(self, factors: np.ndarray) -> np.ndarray:
        """The first image with each of the factors [n, K]; see the base.

        Raises:
          ValueError: No image has them.
        """
        if self._is_product:
            return super().indices_of(factors)
        numbers = super().indices_of(factors) if self.factor_names else 0
        wanted = np.broadcast_to(numbers, len(factors))
        return self._combinations.first(wanted, self.provenance)

    def sample_factors(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """The factors [n, K] int64 of n images, drawn at random."""
        if self._is_product:
            return super().sample_factors(n, rng)
        return self.factors_of(rng.integers(len(self), size=n))

    def _rows_of(self, indices: np.ndarray) -> np.ndarray:
        indices = np.asarray(indices, np.int64)
        return (
            self._combinations.order[indices] if self._is_product else indices
        )
