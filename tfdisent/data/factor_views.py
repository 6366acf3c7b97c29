"""Views that keep some values of a factor: the first, chosen, every n-th."""

from collections.abc import Sequence

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.factor_values import with_values
from tfdisent.errors import UsageError


def at_most(
    dataset: FactorDataset, factor: str, threshold: int, *, first_label: int = 1
) -> FactorDataset:
    """Keeps the images whose label of one factor is at most a threshold.

    Args:
      dataset: A data set or a view; `factor_values.with_values` says what
        becomes of each kind.
      factor: One of its factor names.
      threshold: The last label that is kept.
      first_label: What the labels start at, 0 or 1.

    Raises:
      UsageError: There is no such factor or label, or no image is left.
    """
    size = size_of(dataset, factor)
    if first_label not in (0, 1):
        raise UsageError(
            f"Labels that start at {first_label} are not known; they start "
            "at 0 or 1."
        )
    last_label = size - 1 + first_label
    if not first_label <= threshold <= last_label:
        raise UsageError(
            f"{factor}<={threshold} keeps no label or is no label: with "
            f"labels from {first_label}, {factor} has {first_label} to "
            f"{last_label}."
        )
    kept = range(threshold - first_label + 1)
    base = "" if first_label else "@0"
    return with_values(dataset, factor, kept, f"{factor}<={threshold}{base}")


def only(
    dataset: FactorDataset, factor: str, values: Sequence[int]
) -> FactorDataset:
    """Keeps the images with some values of one factor.

    For example one shape, or a contiguous part, in which neighbours stay
    neighbours.

    Args:
      dataset: See `at_most`.
      factor: One of its factor names.
      values: Different numbers in [0, size of the factor); they become 0, 1,
        ... in this order, and their names follow.

    Raises:
      UsageError: There is no such factor or value, a value is repeated, or no
        image is left.
    """
    size = size_of(dataset, factor)
    values = [int(value) for value in values]
    if not values or min(values) < 0 or max(values) >= size:
        raise UsageError(
            f"{factor} has no values {values}; give one or more from 0 to "
            f"{size - 1}."
        )
    if len(set(values)) < len(values):
        raise UsageError(
            f"The values {values} of {factor} are repeated; give each once, "
            f"and weights({factor})=W1,W2 to repeat images."
        )
    text = _listed(values, dataset.value_names.get(factor))
    return with_values(dataset, factor, values, f"{factor}={text}")


def every_nth(dataset: FactorDataset, factor: str, step: int) -> FactorDataset:
    """Keeps the values 0, step, 2 step, ... of one factor: a coarser grid.

    Args:
      dataset: See `at_most`.
      factor: One of its factor names.
      step: At least 1, which keeps all, and less than the factor's size, so
        that two values or more are left.

    Raises:
      UsageError: There is no such factor, the step is out of range, or no
        image is left.

    References:
      Higgins et al. 2017, beta-VAE, appendix A.8: disentangling falls as the
      grid of the factors gets coarser. The paper does not say which grids.
    """
    size = size_of(dataset, factor)
    if not 1 <= step < max(size, 2):
        raise UsageError(
            f"{factor}/{step} is no coarser grid of {size} values; the step is "
            f"from 1 to {max(size - 1, 1)}."
        )
    kept = range(0, size, step)
    return with_values(dataset, factor, kept, f"{factor}/{step}")


def size_of(dataset: FactorDataset, factor: str) -> int:
    """The number of values of a factor.

    Raises:
      UsageError: The data set has no such factor.
    """
    if factor not in dataset.factor_names:
        raise UsageError(
            f"{dataset.name} has no factor {factor!r}; it has "
            f"{', '.join(dataset.factor_names) or 'no factors'}."
        )
    return dataset.factor_sizes[dataset.factor_names.index(factor)]


def _listed(values: list[int], names: Sequence[str] | None) -> str:
    first, last = values[0], values[-1]
    if len(values) > 2 and values == list(range(first, last + 1)):
        return f"{first}..{last}"
    return ",".join(names[v] if names else str(v) for v in values)
