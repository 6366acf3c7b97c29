"""Latents that are held fast for a batch, and what draws them together."""

import tensorflow as tf

from tfdisent.models import replicas

# What stands for the values [B, ...] of a latent that is held: [...].
CENTRES = {
    "mean": lambda values: tf.reduce_mean(values, axis=0),
    "first": lambda values: values[0],
}


def centre_of(values: tf.Tensor, kind: str, over_replicas: bool) -> tf.Tensor:
    """What the values of a batch are held at, without a gradient.

    Args:
      values: `[B, ...]`.
      kind: One of CENTRES: the batch's mean, or its first element.
      over_replicas: Whether the batch is that of all replicas.

    Returns:
      `[...]`.
    """
    values = tf.stop_gradient(values)
    if over_replicas:
        values = replicas.gather(values)
    return CENTRES[kind](values)


def clamp(
    values: tf.Tensor, is_active: tf.Tensor, centre: tf.Tensor
) -> tf.Tensor:
    """`[B, ...]`: values where active, elsewhere the centre.

    Args:
      values: `[B, ...]`; a gradient goes to the active ones alone.
      is_active: Booleans that broadcast to `[B, ...]`.
      centre: `[...]`, without a gradient.
    """
    return tf.where(is_active, values, centre)


def spread(
    values: tf.Tensor, is_active: tf.Tensor, centre: tf.Tensor
) -> tf.Tensor:
    """`[B]`: 0.5 sum (value - centre)^2 over what is not active.

    Its gradient is value - centre there, and 0 where a latent is active.

    Args:
      values: `[B, ...]`.
      is_active: Booleans that broadcast to `[B, ...]`.
      centre: `[...]`, without a gradient.
    """
    distances = tf.where(is_active, 0.0, values - centre)
    axes = list(range(1, values.shape.rank))
    return 0.5 * tf.reduce_sum(tf.square(distances), axes)
