"""What a model makes of a few images, while it learns."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.models.base import LatentModel

NUM_IMAGES = 128  # behind the KL by which rows are sorted
NUM_SHOWN = 8
NUM_SAMPLES = 32
MOST_ROWS = 16  # of traversals; the latents of the largest KL
VALUES = np.linspace(-3, 3, 9)  # standard deviations of the prior
GAP = 2  # pixels between images


class Picture(NamedTuple):
    """A mosaic.

    Attributes:
      pixels: `[H, W, C]` in [0, 1].
      meaning: For a reader.
      rows: What each row is, where that changes from one time to another.
    """

    pixels: np.ndarray
    meaning: str
    rows: str = ""


class Pictures:
    """Draws the same few images again and again: no draw is the training's.

    Args:
      model: Whose weights are looked at as they are when it draws.
      dataset: Images that it trains on.
      seed: Of the images, codes and noise that are shown.
    """

    def __init__(self, model: LatentModel, dataset: FactorDataset, seed: int):
        rng = np.random.default_rng(seed)
        rows = rng.integers(len(dataset), size=NUM_IMAGES)
        self._model = model
        self._images = np.float32(dataset.images(rows)) / 255
        shape = (NUM_SAMPLES, model.num_latents)
        self._codes = rng.standard_normal(shape, np.float32)
        shape = (NUM_SAMPLES, model.num_noise)
        self._noise = rng.standard_normal(shape, np.float32)

    def draw(self) -> dict[str, Picture]:
        """Reconstructions and traversals by name; samples of what has noise.

        Of a model without an encoder there are no reconstructions, and its
        traversals start at the code 0.
        """
        pictures, start = {}, np.zeros(self._model.num_latents, np.float32)
        order, kl = range(self._model.num_latents), None
        if self._model.encode:
            posterior = self._model.encode(self._images)
            means = posterior.mean().numpy()
            kl = posterior.kl_divergence(self._model.prior).numpy().mean(0)
            order, start = np.argsort(-kl, kind="stable"), means[0]
            pictures["reconstructions"] = self._reconstructions(means)
        pictures["traversals"] = self._traversals(start, order[:MOST_ROWS], kl)
        if self._model.num_noise or not self._model.encode:
            pictures["samples"] = self._samples()
        return pictures

    def _decode(self, codes) -> np.ndarray:
        images = self._model.decode(tf.constant(codes, tf.float32)).mean()
        return np.clip(images, 0, 1)

    def _reconstructions(self, means) -> Picture:
        decoded = self._decode(means[:NUM_SHOWN])
        return Picture(
            mosaic(np.stack([self._images[:NUM_SHOWN], decoded])),
            "Images of the data, and below each what the model makes of it.",
        )

    def _traversals(self, start, order, kl) -> Picture:
        codes = np.tile(start, (len(order), len(VALUES), 1))
        for row, latent in enumerate(order):
            codes[row, :, latent] = VALUES
        images = self._decode(codes.reshape(-1, len(start)))
        names = [
            f"z{z}" if kl is None else f"z{z} ({kl[z]:.2f} nats)" for z in order
        ]
        first = "" if kl is None else ", the largest KL first"
        return Picture(
            mosaic(images.reshape(*codes.shape[:2], *images.shape[1:])),
            f"A latent in each row{first}, from "
            f"{VALUES[0]:g} to {VALUES[-1]:g} standard deviations of the "
            "prior.",
            ", ".join(names),
        )

    def _samples(self) -> Picture:
        if self._model.num_noise:
            images = self._model.generate(self._codes, self._noise)
            images = np.clip(images, 0, 1)
        else:
            images = self._decode(self._codes)
        rows = images.reshape(-1, NUM_SHOWN, *images.shape[1:])
        return Picture(mosaic(rows), "Images of codes that the prior draws.")


def mosaic(images: np.ndarray) -> np.ndarray:
    """Joins images `[R, K, H, W, C]` to one, with white gaps of GAP pixels.

    Returns:
      `[R (H + GAP) - GAP, K (W + GAP) - GAP, C]`.
    """
    rows, columns, height, width, channels = images.shape
    room = ((0, 0), (0, 0), (0, GAP), (0, GAP), (0, 0))
    framed = np.pad(images, room, constant_values=1).swapaxes(1, 2)
    shape = (rows * (height + GAP), columns * (width + GAP), channels)
    return framed.reshape(shape)[:-GAP, :-GAP]
