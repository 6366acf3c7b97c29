"""The images with some values of one factor."""

from collections.abc import Sequence

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.members import Members
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import UsageError


def with_values(
    dataset: FactorDataset, factor: str, values: Sequence[int], text: str
) -> FactorDataset:
    """Keeps the images with some values of a factor.

    Value i of the view is values[i]; the factor stays, even with one value. Of
    a product the view is a smaller product, of a table the table of the images
    that are left, and of a part of either the same part of the smaller one.

    Args:
      dataset: A data set or a view.
      factor: One of its factor names.
      values: Different numbers in [0, size of the factor).
      text: What the provenance says of it.

    Raises:
      UsageError: No image is left.
    """
    whole = dataset.whole
    if whole.is_product:
        smaller = FactorValues(whole, factor, values, text)
    else:
        smaller = _smaller_table(whole, factor, values, text)
    if dataset is whole:
        return smaller
    chosen, factors = _chosen(dataset, factor, values, text)
    if smaller.is_product:
        members = smaller.indices_of(factors)
    else:
        rows, _ = _chosen(whole, factor, values, text)
        members = np.searchsorted(rows, dataset.members[chosen])
    return Members(smaller, members, dataset, text)


class FactorValues(FactorDataset):
    """A product of which one factor keeps some of its values.

    Args:
      parent: A product.
      factor: One of its factor names.
      values: Those that are kept; value i of the view is values[i].
      text: What the provenance says of it.
    """

    def __init__(
        self,
        parent: FactorDataset,
        factor: str,
        values: Sequence[int],
        text: str,
    ):
        super().__init__(
            provenance=f"subset({text}) of {parent.provenance}",
            image_shape=parent.image_shape,
            storage=parent.storage,
            **_described(parent, factor, values),
        )
        self._parent = parent
        self._position = parent.factor_names.index(factor)
        self._values = np.asarray(values, np.int64)

    def verify(self) -> None:
        self._parent.verify()

    def images(self, indices: np.ndarray) -> np.ndarray:
        factors = self.factors_of(indices)
        column = factors[:, self._position]
        factors[:, self._position] = self._values[column]
        return self._parent.images(self._parent.indices_of(factors))


class _Rows:
    """Chosen images of a table, as the rows of a smaller one."""

    def __init__(self, table: FactorDataset, chosen: np.ndarray):
        self.path = table.storage
        self.shape = (len(chosen), *table.image_shape)
        self._table, self._chosen = table, chosen

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        return self._table.images(self._chosen[indices])

    def verify(self) -> None:
        self._table.verify()


def _smaller_table(
    table: FactorDataset, factor: str, values: Sequence[int], text: str
) -> RowsDataset:
    chosen, factors = _chosen(table, factor, values, text)
    return RowsDataset(
        _Rows(table, chosen),
        factors,
        provenance=f"subset({text}) of {table.provenance}",
        **_described(table, factor, values),
    )


def _described(
    parent: FactorDataset, factor: str, values: Sequence[int]
) -> dict:
    """What the view says of its factors."""
    sizes = list(parent.factor_sizes)
    sizes[parent.factor_names.index(factor)] = len(values)
    value_names = dict(parent.value_names)
    if factor in value_names:
        value_names[factor] = tuple(value_names[factor][v] for v in values)
    return {
        "name": parent.name,
        "factor_names": parent.factor_names,
        "factor_sizes": tuple(sizes),
        "value_names": value_names,
    }


def _chosen(
    dataset: FactorDataset, factor: str, values: Sequence[int], text: str
) -> tuple[np.ndarray, np.ndarray]:
    """The images with the values: their indices, and factors in the view."""
    position = dataset.factor_names.index(factor)
    relabelled = np.full(dataset.factor_sizes[position], -1)
    relabelled[list(values)] = np.arange(len(values))
    factors = dataset.factors_of(np.arange(len(dataset)))
    labels = relabelled[factors[:, position]]
    chosen = np.flatnonzero(labels >= 0)
    if not chosen.size:
        raise UsageError(
            f"{text} leaves no image of {dataset.provenance}; choose values "
            f"that its {len(dataset)} images have."
        )
    factors = factors[chosen]
    factors[:, position] = labels[chosen]
    return chosen, factors
