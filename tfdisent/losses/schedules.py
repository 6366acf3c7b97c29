"""Weights of loss terms as functions of the step."""

import tensorflow as tf


def warm_up(step: tf.Tensor, start: float, num_steps: int) -> tf.Tensor:
    """Moves geometrically from `start` to 1: start^(1 - min(1, step / T)).

    Args:
      step: Updates so far, integer `[]`.
      start: Value at step 0, above 0.
      num_steps: T, steps until it is 1; 0 for 1 at all steps.

    Returns:
      float32 `[]` between `start` and 1.
    """
    if num_steps == 0:
        return tf.constant(1.0)
    left = 1.0 - tf.minimum(1.0, tf.cast(step, tf.float32) / num_steps)
    return tf.pow(tf.constant(start, tf.float32), left)


def linear(
    step: tf.Tensor, start: float, end: float, num_steps: int
) -> tf.Tensor:
    """Moves from `start` to `end`: start + (end - start) min(1, step / T).

    Args:
      step: Updates so far, integer `[]`.
      start: Value at step 0.
      end: Value from step T on.
      num_steps: T; 0 for `end` at all steps.

    Returns:
      float32 `[]` between `start` and `end`.
    """
    if num_steps == 0:
        return tf.constant(end, tf.float32)
    done = tf.minimum(1.0, tf.cast(step, tf.float32) / num_steps)
    return start + (end - start) * done
