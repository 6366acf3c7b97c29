"""Kernels of spectral norm 1."""

import keras
import tensorflow as tf

_ITERATIONS = 10


class SpectralProjection(keras.constraints.Constraint):
    """Divides a kernel by its largest singular value, after each update.

    A convolution's kernel is taken as the matrix `[H W C, filters]`. The value
    is from 10 power iterations that always start from the same vector, so that
    there is no state to keep; it is a little too small where several singular
    values are nearly as large.

    Deviations from the paper:
      * There the kernel is divided wherever it is used, and the gradient goes
        through that; here it is projected when it has changed.

    References:
      Miyato et al., "Spectral Normalization for Generative Adversarial
      Networks", 2018, https://arxiv.org/abs/1802.05957.
    """

    def __call__(self, kernel: tf.Tensor) -> tf.Tensor:
        kernel = tf.convert_to_tensor(kernel)
        matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
        right = tf.random.stateless_normal([matrix.shape[1]], seed=[0, 0])
        for _ in range(_ITERATIONS):
            left = tf.math.l2_normalize(tf.linalg.matvec(matrix, right))
            right = tf.linalg.matvec(matrix, left, transpose_a=True)
            norm = tf.norm(right)
            right = right / (norm + 1e-12)
        return kernel / (norm + 1e-12)
