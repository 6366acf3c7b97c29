"""Gradients of a loss: compiled or not, of a whole batch or part by part."""

from collections.abc import Callable

import tensorflow as tf

from tfdisent.errors import UsageError

fold_in = tf.random.experimental.stateless_fold_in


def gradient_fn(
    loss: Callable,
    variables: list,
    *,
    num_parts: int = 1,
    jit_compile: bool = False,
    synchronises: bool = False,
) -> Callable:
    """Makes `(batch, seed, step, scale) -> (gradients, loss, logs)`.

    With n parts the batch is cut into n consecutive ones, worked on one after
    the other: gradients, loss and logs are the means over them, the memory is
    that of one.

    Args:
      loss: `(batch, seed [2], step []) -> (scalar, logs)`.
      variables: Keras variables.
      num_parts: n; divides the batch.
      jit_compile: Whether XLA compiles it.
      synchronises: Whether the loss talks to other replicas. Those calls are
        not possible inside a `tf.function` of its own, nor in XLA.

    Returns:
      The function; its gradients are those of scale * loss. It raises a
      UsageError if n does not divide the batch.
    """

    def whole(batch, seed, step, scale):
        values = [v.value for v in variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            value, logs = loss(batch, seed, step)
            scaled = value * scale
        return tape.gradient(scaled, values), value, logs

    def in_parts(batch, seed, step, scale):
        def part(i):
            images = tf.nest.map_structure(
                lambda x: _part(x, i, num_parts), batch
            )
            return whole(images, fold_in(seed, i), step, scale)

        # The first one gives the structure of the sums.
        _, sums = tf.while_loop(
            lambda i, sums: i < num_parts,
            lambda i, sums: (
                i + 1,
                tf.nest.map_structure(tf.add, sums, part(i)),
            ),
            (1, part(0)),
            parallel_iterations=1,
        )
        return tf.nest.map_structure(lambda x: x / num_parts, sums)

    function = whole if num_parts == 1 else in_parts
    if synchronises:
        return function
    # Without autograph errors keep their type; no loss needs its rewriting.
    return tf.function(function, jit_compile=jit_compile, autograph=False)


def _part(tensor: tf.Tensor, i, num_parts: int) -> tf.Tensor:
    size, *rest = tensor.shape
    if size % num_parts:
        raise UsageError(
            f"gradient_accumulation is {num_parts}; it must divide the "
            f"{size} images of a replica."
        )
    start = [i * (size // num_parts)] + [0] * len(rest)
    return tf.slice(tensor, start, [size // num_parts, *rest])
