"""How much an image says of the code that it was made from.

A recognition network Q(c|x) bounds the mutual information from below,

    I(c; x) >= E_c, x~G(c) [log Q(c|x)] + H(c),

with equality where Q is the posterior. H(c) is log K nats for a code of K equal
classes: 2.30 for 10. For a code that is uniform on (-1, 1) it is log 2, a
differential entropy: the bound may be negative and has no upper end.

References:
  Chen et al., "InfoGAN", 2016, equation 5, https://arxiv.org/abs/1606.03657.
"""

import math

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def categorical_information(logits: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
    """Log Q(c|x) + log K of a code of K equally likely classes.

    Args:
      logits: Of Q, `[B, K]`.
      codes: The classes as one-hot rows, `[B, K]`.

    Returns:
      One sample each, `[B]`, in nats, at most log K; below 0 where Q does worse
      than chance.
    """
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits(codes, logits)
    return math.log(codes.shape[1]) - cross_entropy


def uniform_information(posterior: tfd.Normal, codes: tf.Tensor) -> tf.Tensor:
    """sum_d log Q(c_d|x) + log 2 of codes c_d ~ U(-1, 1).

    Args:
      posterior: Q, batch `[B, D]`.
      codes: In [-1, 1], `[B, D]`.

    Returns:
      One sample each, `[B]`, in nats.
    """
    return tf.reduce_sum(posterior.log_prob(codes) + math.log(2.0), axis=1)
