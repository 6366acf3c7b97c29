"""A trained model as something that metrics and figures can ask."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import NotApplicable
from tfdisent.evaluation.dataset_codes import pixels
from tfdisent.evaluation.model_codes import ModelCodes
from tfdisent.metrics.codes import PosteriorSampler
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


class Representation(ModelCodes):
    """Mean codes of a data set's images: a `metrics.codes.PosteriorSampler`.

    Each image is encoded once, whoever asks for it.

    Args:
      model: A trained model.
      dataset: Where the images are; metrics that fix a factor need a product.
    """

    def __init__(self, model: LatentModel, dataset: FactorDataset):
        # Any number of images, so that the last batch is not traced anew.
        images = tf.TensorSpec([None, *model.image_shape], tf.float32)
        codes = tf.TensorSpec([None, model.num_latents], tf.float32)
        seed = tf.TensorSpec([2], tf.int32)
        self._decode = tf.function(
            lambda z: tf.clip_by_value(model.decode(z).mean(), 0, 1), [codes]
        )
        self._distortion = tf.function(
            self._distortion_of_draw, [images, codes, codes, seed]
        )
        super().__init__(model, dataset, settings={"codes": "mean"})

    def images(self, points: np.ndarray) -> np.ndarray:
        """Images `[n, H, W, C]` in [0, 1] of points `[n]`."""
        return pixels(self.dataset, np.asarray(points))

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Images `[n, H, W, C]` in [0, 1] of codes `[n, D]`."""
        codes = np.asarray(codes, np.float32)
        return np.concatenate([self._decode(part) for part in _parts(codes)])

    def generate(
        self, codes: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """As `decode`, but with noise drawn where the model takes some."""
        model = self.model
        if not model.num_noise:
            return self.decode(codes)
        shape = (len(codes), model.num_noise)
        noise = rng.standard_normal(shape, np.float32)
        parts = zip(_parts(codes), _parts(noise), strict=True)
        return np.concatenate([model.generate(*part) for part in parts])

    def draw_images(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Images `[n, H, W, C]` in [0, 1] of codes, and noise, of the prior."""
        shape = (n, self.model.num_latents)
        return self.generate(rng.standard_normal(shape, np.float32), rng)

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Mean codes `[n, D]` of images `[n, H, W, C]` in [0, 1]."""
        images = np.asarray(images, np.float32)
        means = [self._encode(part)[0] for part in _parts(images)]
        return np.concatenate(means)

    def kl(self, points: np.ndarray) -> np.ndarray:
        """KL(q(z_d|x) || p(z_d)) in nats, `[n, D]`, of points `[n]`."""
        mean, stddev = self.posteriors(points)
        posterior = tfp.distributions.Normal(mean, stddev)
        return posterior.kl_divergence(self.model.prior).numpy()

    def terms(self, points: np.ndarray, seed: int) -> ImageTerms:
        """Posterior, KL and distortion of points `[n]`."""
        points = np.asarray(points)
        mean, stddev = self.posteriors(points)
        distortion = [
            self._distortion(
                self.images(points[part]),
                mean[part],
                stddev[part],
                tf.constant([seed, i]),
            )
            for i, part in enumerate(_parts(np.arange(len(points))))
        ]
        return ImageTerms(
            mean, stddev**2, self.kl(points), np.concatenate(distortion)
        )

    def _distortion_of_draw(self, images, mean, stddev, seed):
        noise = tf.random.stateless_normal(tf.shape(mean), seed)
        codes = mean + stddev * noise
        return -self.model.decode(codes, images).log_prob(images)


def _parts(values: np.ndarray) -> list[np.ndarray]:
    return np.split(values, range(BATCH_SIZE, len(values), BATCH_SIZE))


class SampledCodes:
    """One draw z ~ q(z|x) for each image: a `metrics.codes.PosteriorSampler`.

    The same image always has the same draw, which depends on the seed.

    Args:
      sampler: Has the posteriors.
      seed: Of the draws, 0 or more.

    Raises:
      NotApplicable: If it has none.
    """

    def __init__(self, sampler: PosteriorSampler, seed: int):
        if not hasattr(sampler, "posteriors"):
            raise NotApplicable(
                "Only codes with posteriors can be sampled; give mean."
            )
        self._sampler = sampler
        self._seed = seed
        self.factor_names = sampler.factor_names
        self.factor_sizes = sampler.factor_sizes
        self.num_points = sampler.num_points
        self.with_replacement = sampler.with_replacement
        self.sample, self.sample_with = sampler.sample, sampler.sample_with
        self.factors, self.posteriors = sampler.factors, sampler.posteriors
        self._noise = None

    def codes(self, points: np.ndarray) -> np.ndarray:
        mean, stddev = self._sampler.posteriors(points)
        if self._noise is None:
            rng = np.random.default_rng(self._seed)
            shape = (self.num_points, mean.shape[1])
            self._noise = rng.standard_normal(shape, np.float32)
        return mean + stddev * self._noise[points]
