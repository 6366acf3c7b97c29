"""The rate: KL from one factorised distribution to another."""

import tensorflow as tf


def rate(posterior, prior) -> tf.Tensor:
    """sum_d KL(q(z_d) || p(z_d)).

    For two Gaussians that is
    0.5 sum_d [log s_p^2 - log s_q^2 + (s_q^2 + (m_q - m_p)^2) / s_p^2 - 1].

    Args:
      posterior: q, a `tfp` distribution of batch `[B, D]`, scalar events.
      prior: p, of batch `[]`, `[D]` or `[B, D]`.

    Returns:
      `[B]`, in nats, at least 0.
    """
    return tf.reduce_sum(posterior.kl_divergence(prior), axis=1)
