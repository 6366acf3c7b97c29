"""Weights of loss terms as functions of the step."""

import tensorflow as tf


def ramp(
    step: tf.Tensor, start: float, end: float, num_steps: int
) -> tf.Tensor:
    """Moves linearly: start + (end - start) min(1, step / num_steps).

    Args:
      step: Updates so far, integer `[]`.
      start: Value at step 0.
      end: Value from step `num_steps` on.
      num_steps: 0 for `end` at all steps.

    Returns:
      float32 `[]`.
    """
    if num_steps == 0:
        return tf.constant(end, tf.float32)
    done = tf.minimum(1.0, tf.cast(step, tf.float32) / num_steps)
    return start + (end - start) * done
