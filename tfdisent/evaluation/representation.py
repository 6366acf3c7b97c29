"""A trained model as something that metrics and figures can ask."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.models.base import LatentModel

BATCH_SIZE = 256


class ImageTerms(NamedTuple):
    """What a model makes of n images.

    Attributes:
      mean: Of q(z|x), `[n, D]`.
      variance: Of q(z|x), `[n, D]`.
      kl: KL(q(z_d|x) || p(z_d)) in nats, `[n, D]`.
      distortion: -log p(x|z) of one z ~ q(z|x), in nats, `[n]`.
    """

    mean: np.ndarray
    variance: np.ndarray
    kl: np.ndarray
    distortion: np.ndarray


class Representation:
    """Mean codes of a data set's images: a `metrics.codes.CodeSampler`.

    Args:
      model: A trained model.
      dataset: Where the images are; a full product of its factors for the
        metrics that fix one of them.
    """

    def __init__(self, model: LatentModel, dataset: FactorDataset):
        self.factor_names = dataset.factor_names
        self.factor_sizes = dataset.factor_sizes
        self._dataset = dataset
        self.model = model
        # Any number of images, so that the last batch is not traced anew.
        images = tf.TensorSpec([None, *model.image_shape], tf.float32)
        codes = tf.TensorSpec([None, model.num_latents], tf.float32)
        seed = tf.TensorSpec([2], tf.int32)
        self._mean = tf.function(lambda x: model.encode(x).mean(), [images])
        self._images = tf.function(
            lambda z: tf.clip_by_value(model.decode(z).mean(), 0, 1), [codes]
        )
        self._terms = tf.function(self._image_terms, [images, seed])

    def sample_factors(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Factors of n members of the data set, `[n, K]`."""
        return self._dataset.sample_factors(n, rng)

    def codes(self, factors: np.ndarray) -> np.ndarray:
        """Mean codes `[n, D]` of factors `[n, K]`."""
        indices = self._dataset.indices_of(factors)
        return _in_batches(lambda i: self._mean(self._pixels(i)), indices)

    def images(self, factors: np.ndarray) -> np.ndarray:
        """Images `[n, H, W, C]` in [0, 1] of factors `[n, K]`."""
        return self._pixels(self._dataset.indices_of(factors))

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Images `[n, H, W, C]` in [0, 1] of codes `[n, D]`."""
        return _in_batches(self._images, np.asarray(codes, np.float32))

    def terms(self, factors: np.ndarray, seed: int) -> ImageTerms:
        """Posterior, KL and distortion of the images of factors `[n, K]`."""
        indices = self._dataset.indices_of(factors)
        parts = [
            [
                np.asarray(value)
                for value in self._terms(
                    self._pixels(part), tf.constant([seed, i])
                )
            ]
            for i, part in enumerate(_parts(indices))
        ]
        return ImageTerms(*map(np.concatenate, zip(*parts, strict=True)))

    def _pixels(self, indices) -> np.ndarray:
        return self._dataset.images(indices).astype(np.float32) / 255

    def _image_terms(self, images, seed):
        posterior = self.model.encode(images)
        noise = tf.random.stateless_normal(tf.shape(posterior.mean()), seed)
        codes = posterior.mean() + posterior.stddev() * noise
        return (
            posterior.mean(),
            posterior.variance(),
            posterior.kl_divergence(self.model.prior),
            -self.model.decode(codes, images).log_prob(images),
        )


def _parts(values: np.ndarray) -> list[np.ndarray]:
    return [
        values[start : start + BATCH_SIZE]
        for start in range(0, len(values), BATCH_SIZE)
    ]


def _in_batches(function, values: np.ndarray) -> np.ndarray:
    return np.concatenate([np.asarray(function(v)) for v in _parts(values)])
