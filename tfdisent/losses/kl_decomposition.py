"""KL to the prior = mutual information + total correlation + dimension-wise KL.

E_n KL(q(z|n) || p(z)) = I_q(z; n) + KL(q(z) || prod_d q(z_d))
                         + sum_d KL(q(z_d) || p(z_d))

References:
  Chen et al., "Isolating Sources of Disentanglement in VAEs", 2018, eq. 2 and
  appendix C, https://arxiv.org/abs/1802.04942.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfdisent.errors import UsageError

ESTIMATORS = ("mss", "mws")


class KLTerms(NamedTuple):
    """The three terms of the KL, one sample each, `[B]`, in nats."""

    mutual_information: tf.Tensor
    total_correlation: tf.Tensor
    dimension_wise_kl: tf.Tensor


def log_importance_weights(
    batch_size: int, dataset_size: int, estimator: str = "mss"
) -> np.ndarray:
    """Log W of the estimate q(z_i) = sum_j W[i, j] q(z_i | n_j).

    With B images a batch, M = B - 1 and N images in the data set:
      mss: W[i, i] = 1/N, W[i, i+1 mod B] = (N - M) / (N M), all others 1/M.
        The rows sum to 1 and the estimate of q(z) is unbiased.
      mws: W[i, j] = 1 / (N B), biased: a constant offset in the value (none in
        the gradient) and a lower bound in expectation.

    Args:
      batch_size: B, at least 2.
      dataset_size: N, at least B.
      estimator: "mss" (minibatch-stratified sampling) or "mws"
        (minibatch-weighted sampling).

    Returns:
      float32 `[B, B]`; row i belongs to the code of image i.

    Raises:
      UsageError: If a value is outside of these ranges.
    """
    if estimator not in ESTIMATORS:
        raise UsageError(
            f"estimator is {estimator!r}; it must be one of "
            f"{', '.join(ESTIMATORS)}."
        )
    if not 2 <= batch_size <= dataset_size:
        raise UsageError(
            f"The KL decomposition got batches of {batch_size} images of a "
            f"data set of {dataset_size}; it needs from 2 images to the size "
            "of the data set."
        )
    if estimator == "mws":
        weights = np.full([batch_size] * 2, 1.0 / (dataset_size * batch_size))
        return np.log(weights).astype(np.float32)
    others = batch_size - 1
    weights = np.full([batch_size] * 2, 1.0 / others)
    own = np.arange(batch_size)
    weights[own, (own + 1) % batch_size] = (dataset_size - others) / (
        dataset_size * others
    )
    weights[own, own] = 1.0 / dataset_size
    return np.log(weights).astype(np.float32)


def decompose_kl(
    posterior, codes: tf.Tensor, prior, dataset_size: int, estimator="mss"
) -> KLTerms:
    """One-sample estimates of the terms; their sum is log q(z|n) - log p(z).

    mutual information = log q(z|n) - log q(z)
    total correlation  = log q(z) - sum_d log q(z_d)
    dimension-wise KL  = sum_d log q(z_d) - log p(z)

    The batch is what this function is given: on several replicas each one's
    own part.

    Args:
      posterior: q(z|x), a distribution of batch `[B, D]`, scalar events.
      codes: z ~ q(z|x), `[B, D]`.
      prior: p(z), a distribution of batch `[]` or `[D]`.
      dataset_size: N, images in the data set.
      estimator: Of q(z), see `log_importance_weights`.

    Returns:
      KLTerms of `[B]` each. With "mws" the values carry constants of log(N B);
      only their gradients mean something.

    Raises:
      UsageError: See `log_importance_weights`.
    """
    log_weights = log_importance_weights(
        codes.shape[0], dataset_size, estimator
    )  # [B, B]
    log_pairs = posterior.log_prob(codes[:, None, :])  # log q(z_id|n_j) [B,B,D]
    log_q_z_given_x = tf.reduce_sum(posterior.log_prob(codes), axis=1)  # [B]
    log_q_z = tf.reduce_logsumexp(
        tf.reduce_sum(log_pairs, axis=2) + log_weights, axis=1
    )  # [B]
    log_q_z_product = tf.reduce_sum(
        tf.reduce_logsumexp(log_pairs + log_weights[:, :, None], axis=1), axis=1
    )  # [B]
    log_p_z = tf.reduce_sum(prior.log_prob(codes), axis=1)  # [B]
    return KLTerms(
        mutual_information=log_q_z_given_x - log_q_z,
        total_correlation=log_q_z - log_q_z_product,
        dimension_wise_kl=log_q_z_product - log_p_z,
    )
