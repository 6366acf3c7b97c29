"""Standard normal codes as uniform and as categorical ones, and back.

For z ~ N(0, I), 2 Phi(z) - 1 is uniform on (-1, 1), and the place of the
largest of K latents is one of K equally likely classes. Both maps are exact.
Back, a belief about the uniform code or the class becomes the mean and the
standard deviation of z.
"""

import functools
import math

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from tfdisent.errors import UsageError

tfd = tfp.distributions

# Of |c|, beyond which z runs off to infinity; 3.29 standard deviations.
_LARGEST = 0.999


def class_numbers(categorical: str, num_latents: int) -> tuple[int, ...]:
    """The numbers of classes in a text such as "20,20"; none in "".

    Raises:
      UsageError: If it is no such text, or they need more than the latents.
    """
    try:
        sizes = tuple(int(size) for size in categorical.split(",") if size)
    except ValueError:
        sizes = (0,)
    if not all(size >= 2 for size in sizes) or sum(sizes) > num_latents:
        raise UsageError(
            f"categorical is {categorical!r}; it must be numbers of classes "
            "with commas between them, each at least 2, together at most "
            f"num_latents, {num_latents}."
        )
    return sizes


def to_uniform(latents: tf.Tensor) -> tf.Tensor:
    """C = 2 Phi(z) - 1 in [-1, 1], of z of any shape."""
    return tf.math.erf(latents / math.sqrt(2))


def of_uniform(posterior: tfd.Normal) -> tfd.Normal:
    """q(z|x) of a belief N(m, s) about c, batch `[B, D]`.

    The mean is the z of c = m (cut off at +-0.999), the standard deviation that
    of c times dz/dc there, at most that of the prior, 1.
    """
    mean = tf.clip_by_value(posterior.loc, -_LARGEST, _LARGEST)
    latents = math.sqrt(2) * tf.math.erfinv(mean)
    slope = math.sqrt(math.pi / 2) * tf.exp(0.5 * tf.square(latents))
    return tfd.Normal(latents, tf.minimum(posterior.scale * slope, 1.0))


def to_one_hot(latents: tf.Tensor) -> tf.Tensor:
    """The class of z as one-hot rows, `[B, K]`; without a gradient."""
    return tf.one_hot(tf.argmax(latents, axis=1), latents.shape[1])


def of_class(probabilities: tf.Tensor) -> tfd.Normal:
    """Mean and standard deviation of z given each class's probability.

    With p_j = P(z_j is the largest), m the mean of the largest and v its mean
    square, they are exact:

    E[z_j]   = p_j m - (1 - p_j) m / (K - 1)
    E[z_j^2] = p_j v + (1 - p_j) (K - v) / (K - 1)

    Args:
      probabilities: `[B, K]`, rows of sum 1.
    """
    size = probabilities.shape[1]
    largest, square = _moments_of_the_largest(size)
    others = 1 - probabilities
    mean = probabilities * largest - others * largest / (size - 1)
    squares = probabilities * square + others * (size - square) / (size - 1)
    return tfd.Normal(mean, tf.sqrt(squares - tf.square(mean)))


@functools.cache
def _moments_of_the_largest(size: int) -> tuple[float, float]:
    """Mean and mean square of the largest of so many standard normals."""
    z = np.linspace(-10, 10, 20_001)
    density = size * stats.norm.pdf(z) * stats.norm.cdf(z) ** (size - 1)
    weights = density / density.sum()
    return float(weights @ z), float(weights @ z**2)
