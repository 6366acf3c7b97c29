"""A view whose pixels are inverted at random."""

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.hashed_noise import noise_bytes
from tfdisent.data.members import Members
from tfdisent.errors import UsageError


def flip_pixels(
    dataset: FactorDataset, probability: float, seed: int
) -> FactorDataset:
    """Inverts each pixel with a probability: x becomes 255 - x.

    All channels of a pixel are inverted together. Which pixels are inverted is
    a function of the seed, the pixel, and the image's index in
    `dataset.whole`: an image has the same noise wherever it occurs. Everything
    else stays as it is; the view of a product is a product.

    Args:
      dataset: A data set or a view; with or without factors.
      probability: In [0, 1]; rounded to a multiple of 2^-16.
      seed: A non-negative integer.

    Raises:
      UsageError: The probability or the seed is out of range.

    References:
      Higgins et al. 2017, beta-VAE, figure 8: scores on binary images with up
      to 10 % of noise.
    """
    text = f"flip={probability}@{seed}"
    if not 0 <= probability <= 1 or seed < 0:
        raise UsageError(
            f"{text} is not possible; the probability is from 0 to 1 and the "
            "seed a whole number from 0."
        )
    noisy = FlippedPixels(dataset.whole, probability, seed, text)
    if dataset.whole is dataset:
        return noisy
    return Members(noisy, dataset.members, dataset, text)


class FlippedPixels(FactorDataset):
    """A whole data set with some pixels inverted; see `flip_pixels`."""

    def __init__(
        self, clean: FactorDataset, probability: float, seed: int, text: str
    ):
        super().__init__(
            name=clean.name,
            provenance=f"subset({text}) of {clean.provenance}",
            factor_names=clean.factor_names,
            factor_sizes=clean.factor_sizes,
            image_shape=clean.image_shape,
            value_names=clean.value_names,
            storage=clean.storage,
        )
        self._clean = clean
        self._below = round(probability * 2**16)
        self._seed = seed

    @property
    def is_product(self) -> bool:
        return self._clean.is_product

    def verify(self) -> None:
        self._clean.verify()

    def __len__(self) -> int:
        return len(self._clean)

    def images(self, indices: np.ndarray) -> np.ndarray:
        images = self._clean.images(indices)
        height, width, _ = self.image_shape
        noise = noise_bytes(indices, self._seed, 2 * height * width)
        flipped = (noise.view("<u2") < self._below).view(np.uint8)
        # To invert all bits of x, which gives 255 - x; 1 becomes 255.
        np.negative(flipped, out=flipped)
        images ^= flipped.reshape(-1, height, width, 1)
        return images

    def factors_of(self, indices: np.ndarray) -> np.ndarray:
        return self._clean.factors_of(indices)

    def indices_of(self, factors: np.ndarray) -> np.ndarray:
        return self._clean.indices_of(factors)

    def sample_factors(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self._clean.sample_factors(n, rng)
