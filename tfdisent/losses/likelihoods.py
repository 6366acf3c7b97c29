"""Likelihoods p(x|z) from the outputs of a decoder.

The distortion of an image is -log p(x|z) in nats, summed over its pixels:
`-likelihood.log_prob(images)`, [B].
"""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def bernoulli(outputs: tf.Tensor, images: tf.Tensor | None = None):
    """p(x|z) = prod_n Bernoulli(x_n; sigmoid(l_n)).

    Grey values in [0, 1] are taken as soft targets: the distortion then has a
    floor above 0, the entropy of the targets.

    Args:
      outputs: Logits l, `[B, H, W, C]`.
      images: Not used.

    Returns:
      A `tfd.Independent` of batch `[B]` and event `[H, W, C]`.
    """
    del images
    return tfd.Independent(tfd.Bernoulli(logits=outputs, dtype=tf.float32), 3)


def gaussian(
    outputs: tf.Tensor, images: tf.Tensor | None = None, sigma: float = 1.0
):
    """p(x|z) = prod_n N(x_n; m_n, sigma^2) of a fixed sigma.

    A fixed sigma acts like beta: up to a constant and a factor the loss is
    0.5 ||x - m||^2 + sigma^2 KL.

    Args:
      outputs: Means m, `[B, H, W, C]`.
      images: Not used.
      sigma: Standard deviation of a pixel, above 0.

    Returns:
      A `tfd.Independent` of batch `[B]` and event `[H, W, C]`.
    """
    del images
    return tfd.Independent(tfd.Normal(outputs, sigma), 3)


def laplace(
    outputs: tf.Tensor, images: tf.Tensor | None = None, sigma: float = 1.0
):
    """p(x|z) = prod_n exp(-|x_n - m_n| / sigma) / (2 sigma) of a fixed sigma.

    Args:
      outputs: Medians m, `[B, H, W, C]`.
      images: Not used.
      sigma: Scale of a pixel, its mean absolute error, above 0.

    Returns:
      A `tfd.Independent` of batch `[B]` and event `[H, W, C]`.
    """
    del images
    return tfd.Independent(tfd.Laplace(outputs, sigma), 3)


def calibrated_gaussian(
    outputs: tf.Tensor,
    images: tf.Tensor | None = None,
    over_replicas: Callable = lambda variance: variance,
):
    """p(x|z) = prod_n N(x_n; m_n, sigma*^2), sigma*^2 = mean((x - m)^2).

    sigma* is the maximum-likelihood value over the batch (on several replicas:
    over the replica's part of it, unless told otherwise). It is a constant to
    the gradient, which loses nothing: the derivative by sigma is 0 there.

    Args:
      outputs: Means m, `[B, H, W, C]`.
      images: `[B, H, W, C]`; without them sigma is 1 and only the mean of the
        result means something.
      over_replicas: Makes the mean of all replicas from that of this one.

    Returns:
      A `tfd.Independent` of batch `[B]` and event `[H, W, C]`.

    References:
      Rybkin et al., "Simple and Effective VAE Training with Calibrated
      Decoders", 2021, https://arxiv.org/abs/2006.13202 (optimal sigma-VAE).
    """
    if images is None:
        return gaussian(outputs)
    # The gradient is stopped before replicas talk, who then need not for it.
    variance = over_replicas(
        tf.stop_gradient(tf.reduce_mean(tf.square(images - outputs)))
    )
    # Below one grey level of 255 the density would reward copying noise.
    sigma = tf.sqrt(tf.maximum(variance, 1.0 / 255**2))
    return gaussian(outputs, sigma=sigma)


LIKELIHOODS = {
    "bernoulli": bernoulli,
    "gaussian": gaussian,
    "laplace": laplace,
    "calibrated_gaussian": calibrated_gaussian,
}
