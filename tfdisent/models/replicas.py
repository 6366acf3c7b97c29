"""What crosses replicas inside a loss; on one replica all of it is free."""

import tensorflow as tf


def num_replicas() -> int:
    """How many replicas share the step that is being traced."""
    replica = tf.distribute.get_replica_context()
    return replica.num_replicas_in_sync if replica else 1


def gather(tensor: tf.Tensor) -> tf.Tensor:
    """`[B / R, ...]` of every replica, in their order, as `[B, ...]`.

    The gradient goes back to every replica's own part, summed over the losses
    of all of them.
    """
    if num_replicas() == 1:
        return tensor
    gathered = tf.distribute.get_replica_context().all_gather(tensor, axis=0)
    own, *rest = tensor.shape
    return tf.ensure_shape(gathered, [own * num_replicas(), *rest])


def mean(tensors):
    """The mean over replicas of a tensor or of a structure of them."""
    if num_replicas() == 1:
        return tensors
    replica = tf.distribute.get_replica_context()
    return replica.all_reduce(tf.distribute.ReduceOp.MEAN, tensors)


def total(tensors):
    """The sum over replicas of a tensor or of a structure of them."""
    if num_replicas() == 1:
        return tensors
    replica = tf.distribute.get_replica_context()
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, tensors)
