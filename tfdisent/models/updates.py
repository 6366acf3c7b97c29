"""From the gradients of each replica to those that an optimizer gets."""

import keras
import tensorflow as tf

from tfdisent.models import replicas


def is_scaled(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether an optimizer wants the gradients of a scaled loss."""
    return isinstance(optimizer, keras.optimizers.LossScaleOptimizer)


def scale_of(optimizer: keras.optimizers.Optimizer):
    """The factor on a loss whose gradients would vanish in float16."""
    return optimizer.dynamic_scale.value if is_scaled(optimizer) else 1.0


def own_share(
    gradients: list[tf.Tensor],
    optimizer: keras.optimizers.Optimizer,
    clip_norm: float | None = None,
) -> list[tf.Tensor]:
    """What each replica gives to an optimizer, which adds them up.

    The loss is a mean over replicas. Norms, and whether all is finite, are of
    the sum: Keras would look at each replica's part.

    Args:
      gradients: Of this replica's loss, times `scale_of(optimizer)`.
      optimizer: That will apply them.
      clip_norm: Largest global norm of the mean gradient, or None.
    """
    num = replicas.num_replicas()
    gradients = [g / num for g in gradients]
    if clip_norm is None and not (is_scaled(optimizer) and num > 1):
        return gradients
    gradients = replicas.total(gradients)
    if clip_norm is not None:
        gradients, _ = tf.clip_by_global_norm(
            gradients, clip_norm * scale_of(optimizer)
        )
    return [g / num for g in gradients]
