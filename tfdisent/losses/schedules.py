"""Weights of loss terms as functions of the step."""

import tensorflow as tf


def warm_up(step: tf.Tensor, num_steps: int) -> tf.Tensor:
    """Rises linearly from 1 / num_steps to 1, `min(1, (step + 1) / T)`.

    Args:
      step: Updates so far, integer `[]`.
      num_steps: T; 0 for a constant 1.

    Returns:
      float32 `[]` in (0, 1].
    """
    done = tf.cast(step + 1, tf.float32) / max(num_steps, 1)
    return tf.minimum(1.0, done)
