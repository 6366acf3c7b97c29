"""The images with some values of one factor."""

from collections.abc import Sequence

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset


class FactorValues(FactorDataset):
    """A product of which one factor keeps some of its values.

    Args:
      parent: A product.
      factor: One of its factor names.
      values: Those that are kept; value i of the view is values[i].
    """

    def __init__(
        self, parent: FactorDataset, factor: str, values: Sequence[int]
    ):
        position = parent.factor_names.index(factor)
        sizes = list(parent.factor_sizes)
        sizes[position] = len(values)
        names = parent.value_names.get(factor)
        texts = [names[v] if names else str(v) for v in values]
        super().__init__(
            name=parent.name,
            provenance=(
                f"subset({factor} in {', '.join(texts)}) of {parent.provenance}"
            ),
            factor_names=parent.factor_names,
            factor_sizes=tuple(sizes),
            image_shape=parent.image_shape,
            value_names={**parent.value_names, factor: texts},
            storage=parent.storage,
        )
        self._parent = parent
        self._position = position
        self._values = np.asarray(values)

    def images(self, indices: np.ndarray) -> np.ndarray:
        factors = self.factors_of(indices)
        column = factors[:, self._position]
        factors[:, self._position] = self._values[column]
        return self._parent.images(self._parent.indices_of(factors))
