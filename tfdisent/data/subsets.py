"""Views that hold a part of a data set, without a copy of its images."""

import re
from collections.abc import Callable

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError

View = Callable[[FactorDataset], FactorDataset]

_AT_MOST = re.compile(r"(?P<factor>\w+)<=(?P<threshold>\d+)(@(?P<base>\d+))?")
_RANDOM = re.compile(r"random=(?P<n>\d+)@(?P<seed>\d+)")


def parse_subset(text: str) -> View:
    """Reads a view from the text of a flag.

        FACTOR<=T        labels start at 1: x_position<=16 keeps 16 of 32
        FACTOR<=T@0      labels start at 0: x_position<=16@0 keeps 17 of 32
        random=N@SEED    N images at random

    Args:
      text: one of these three forms, without spaces.

    Returns:
      A function from a data set to the view.

    Raises:
      UsageError: the text has another form. The function raises it if the
        data set has no such factor, label or number of images.
    """
    if match := _AT_MOST.fullmatch(text):
        threshold = int(match["threshold"])
        first_label = int(match["base"] or 1)
        return lambda dataset: at_most(
            dataset, match["factor"], threshold, first_label=first_label
        )
    if match := _RANDOM.fullmatch(text):
        n, seed = int(match["n"]), int(match["seed"])
        return lambda dataset: random_subset(dataset, n, seed)
    raise UsageError(
        f"--subset={text} is not understood; write FACTOR<=T (labels from 1), "
        "FACTOR<=T@0 (labels from 0) or random=N@SEED, as in x_position<=16."
    )


def at_most(
    dataset: FactorDataset, factor: str, threshold: int, *, first_label: int = 1
) -> FactorDataset:
    """Keeps the images whose label of one factor is at most a threshold.

    Of a product the view is a product again, with a smaller factor.

    Args:
      dataset: a data set or a view.
      factor: one of its factor names.
      threshold: the last label that is kept.
      first_label: what the labels start at, 0 or 1.

    Raises:
      UsageError: there is no such factor or label.
    """
    if factor not in dataset.factor_names:
        raise UsageError(
            f"{dataset.name} has no factor {factor!r}; it has "
            f"{', '.join(dataset.factor_names)}."
        )
    if first_label not in (0, 1):
        raise UsageError(
            f"Labels that start at {first_label} are not known; they start "
            "at 0 or 1."
        )
    position = dataset.factor_names.index(factor)
    last_label = dataset.factor_sizes[position] - 1 + first_label
    if not first_label <= threshold <= last_label:
        raise UsageError(
            f"{factor}<={threshold} keeps no label or is no label: with "
            f"labels from {first_label}, {factor} has {first_label} to "
            f"{last_label}."
        )
    size = threshold - first_label + 1
    base = "" if first_label else "@0"
    text = f"{factor}<={threshold}{base}"
    product = _SmallerProduct(dataset.product, position, size, text)
    if dataset.is_product:
        return product
    factors = dataset.factors_of(np.arange(len(dataset)))
    kept = factors[factors[:, position] < size]
    return _Members(product, product.indices_of(kept), dataset, text)


def random_subset(dataset: FactorDataset, n: int, seed: int) -> FactorDataset:
    """Keeps n images, drawn without replacement, in their stored order.

    Args:
      dataset: a data set or a view.
      n: number of images, in [1, len(dataset)].
      seed: of the draw; a non-negative integer.

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
    product = dataset.product
    members = product.indices_of(dataset.factors_of(chosen))
    return _Members(product, members, dataset, f"random={n}@{seed}")


def _provenance(text: str, parent: FactorDataset) -> str:
    return f"subset({text}) of {parent.provenance}"


class _SmallerProduct(FactorDataset):
    """A product of which one factor has only its first values."""

    def __init__(
        self, parent: FactorDataset, position: int, size: int, text: str
    ):
        sizes = list(parent.factor_sizes)
        sizes[position] = size
        super().__init__(
            name=parent.name,
            provenance=_provenance(text, parent),
            factor_names=parent.factor_names,
            factor_sizes=tuple(sizes),
            image_shape=parent.image_shape,
            value_names=parent.value_names,
            storage=parent.storage,
        )
        self._parent = parent

    def images(self, indices: np.ndarray) -> np.ndarray:
        factors = self.factors_of(indices)
        return self._parent.images(self._parent.indices_of(factors))


class _Members(FactorDataset):
    """Some images of a product data set."""

    def __init__(
        self,
        product: FactorDataset,
        members: np.ndarray,
        parent: FactorDataset,
        text: str,
    ):
        super().__init__(
            name=product.name,
            provenance=_provenance(text, parent),
            factor_names=product.factor_names,
            factor_sizes=product.factor_sizes,
            image_shape=product.image_shape,
            value_names=product.value_names,
            storage=product.storage,
        )
        self._product = product
        self._members = np.sort(members)

    @property
    def is_product(self) -> bool:
        return False

    @property
    def product(self) -> FactorDataset:
        return self._product

    def __len__(self) -> int:
        return len(self._members)

    def images(self, indices: np.ndarray) -> np.ndarray:
        return self._product.images(self._members[indices])

    def factors_of(self, indices: np.ndarray) -> np.ndarray:
        return self._product.factors_of(self._members[indices])

    def indices_of(self, factors: np.ndarray) -> np.ndarray:
        wanted = self._product.indices_of(factors)
        indices = np.searchsorted(self._members, wanted)
        found = self._members[np.minimum(indices, len(self) - 1)] == wanted
        if not np.all(found):
            raise ValueError(
                f"{np.count_nonzero(~found)} of {found.size} combinations of "
                f"factors are not in {self.provenance}; use `product`."
            )
        return indices

    def sample_factors(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.factors_of(rng.integers(len(self), size=n))
