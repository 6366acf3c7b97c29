"""Scenes whose colours are layers that are added up."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset


class LayeredDataset(FactorDataset):
    """A product of some colours, each of one part of a scene, and a geometry.

    Where each pixel's light is a sum over parts, and each part has one colour,
    an image is a sum of layers exactly:

        image = layers[g, 0] + layers[g, 1 + f_1]
                + layers[g, 1 + n_1 + f_2] + ...

    with g the mixed radix of the factors after the colours. So 480,000 images
    of 3D Shapes are 480 geometries of 31 layers, 183 MB instead of 5.9 GB.

    Args:
      layers: `[G, 1 + n_1 + ... + n_C, H, W, 3]` uint8: what no colour changes,
        then each colour of the first part, of the second, and so on. No pixel's
        sum is above 255.
      num_colours: C, how many of the factors, the first ones, are colours.
      name: See `FactorDataset`, as for what follows.
      provenance: Of the layers.
      factor_names: Colours first.
      factor_sizes: Of all factors.
      value_names: Of some factors.
      storage: Of the layers.
    """

    def __init__(
        self,
        layers: np.ndarray,
        *,
        num_colours: int,
        name: str,
        provenance: str,
        factor_names: Sequence[str],
        factor_sizes: Sequence[int],
        value_names: Mapping[str, Sequence[str]] | None = None,
        storage: str = "memory",
    ):
        super().__init__(
            name=name,
            provenance=provenance,
            factor_names=factor_names,
            factor_sizes=factor_sizes,
            image_shape=layers.shape[2:],
            value_names=value_names,
            storage=storage,
        )
        colours = self.factor_sizes[:num_colours]
        expected = (
            math.prod(self.factor_sizes[num_colours:]),
            1 + sum(colours),
        )
        if layers.shape[:2] != expected or layers.dtype != np.uint8:
            raise ValueError(
                f"The layers are {layers.dtype} {layers.shape}; factors of "
                f"sizes {self.factor_sizes} need uint8 {expected} + image."
            )
        self._layers = layers
        self._first = 1 + np.cumsum([0, *colours])[:-1]

    def images(self, indices: np.ndarray) -> np.ndarray:
        factors = self.factors_of(indices)
        num_colours = len(self._first)
        geometry = np.ravel_multi_index(
            tuple(factors[:, num_colours:].T), self.factor_sizes[num_colours:]
        )
        images = self._layers[geometry, 0]
        for part, first in enumerate(self._first):
            images += self._layers[geometry, first + factors[:, part]]
        return images
