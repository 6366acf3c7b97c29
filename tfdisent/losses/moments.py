"""Penalties on the covariance of codes, as in DIP-VAE."""

import tensorflow as tf

from tfdisent.errors import UsageError


def covariance(values: tf.Tensor) -> tf.Tensor:
    """Cov[v] = E[v v^T] - E[v] E[v]^T over a batch (divided by B, not B - 1).

    Args:
      values: `[B, D]` with B at least 2.

    Returns:
      `[D, D]`.

    Raises:
      UsageError: If B is 1, whose covariance is 0 whatever the value.
    """
    if values.shape[0] < 2:
        raise UsageError(
            f"A covariance got a batch of {values.shape[0]}; it needs at least "
            "2 images a replica, more for a good estimate."
        )
    centred = values - tf.reduce_mean(values, axis=0)
    return tf.matmul(centred, centred, transpose_a=True) / values.shape[0]


def dip_penalty(
    covariances: tf.Tensor, lambda_od: float, lambda_d: float
) -> tf.Tensor:
    """lambda_od sum_{i != j} C_ij^2 + lambda_d sum_i (C_ii - 1)^2.

    Args:
      covariances: C, `[D, D]`.
      lambda_od: Weight off the diagonal.
      lambda_d: Weight on the diagonal.

    Returns:
      `[]`.

    References:
      Kumar et al., "Variational Inference of Disentangled Latent Concepts from
      Unlabeled Observations", 2018, eq. 6 and 7,
      https://arxiv.org/abs/1711.00848.
    """
    diagonal = tf.linalg.diag_part(covariances)
    off_diagonal = covariances - tf.linalg.diag(diagonal)
    return lambda_od * tf.reduce_sum(
        tf.square(off_diagonal)
    ) + lambda_d * tf.reduce_sum(tf.square(diagonal - 1.0))
