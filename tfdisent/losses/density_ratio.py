"""Total correlation by telling codes from codes whose latents were shuffled.

References:
  Kim and Mnih, "Disentangling by Factorising", 2018, section 3 and algorithm 1,
  https://arxiv.org/abs/1802.05983.
"""

import tensorflow as tf

from tfdisent.errors import UsageError


def density_ratio_tc(logits: tf.Tensor) -> tf.Tensor:
    """TC(z) = E_q(z)[log q(z) / prod_d q(z_d)] ~ log D(z) / (1 - D(z)).

    Args:
      logits: Of a discriminator for codes z ~ q(z): of "from q(z)" and of "from
        the product of its marginals", `[B, 2]`.

    Returns:
      One sample each, `[B]`, in nats.
    """
    return logits[:, 0] - logits[:, 1]


def permute_latents(codes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Shuffles each latent over the batch on its own: z ~ prod_d q(z_d).

    Args:
      codes: `[B, D]` with B at least 2.
      seed: `[2]`.

    Returns:
      `[B, D]`; every column holds the values of that column of `codes`.

    Raises:
      UsageError: If B is 1, where nothing can be shuffled.
    """
    if codes.shape[0] < 2:
        raise UsageError(
            f"Latents cannot be permuted over a batch of {codes.shape[0]}; "
            "give at least 2 images a replica."
        )
    # The order of random numbers is a uniform permutation; unlike
    # tf.random.experimental.stateless_shuffle it is one op for all columns.
    keys = tf.random.stateless_uniform(codes.shape[::-1], seed)  # [D, B]
    order = tf.argsort(keys, axis=1)
    columns = tf.gather(tf.transpose(codes), order, batch_dims=1)  # [D, B]
    return tf.transpose(columns)


def discriminator_loss(
    joint_logits: tf.Tensor, permuted_logits: tf.Tensor
) -> tf.Tensor:
    """Half the cross-entropies of both classes.

    Args:
      joint_logits: For codes z ~ q(z), `[B, 2]`.
      permuted_logits: For codes of `permute_latents`, `[B, 2]`.

    Returns:
      `[B]`, in nats; log 2 for a discriminator that cannot tell.
    """
    log_joint = tf.nn.log_softmax(joint_logits)[:, 0]
    log_permuted = tf.nn.log_softmax(permuted_logits)[:, 1]
    return -0.5 * (log_joint + log_permuted)
