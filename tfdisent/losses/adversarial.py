"""Losses of two networks that play against each other.

D's outputs are logits: sigmoid(D(x)) is the probability that x is real. A
critic's are scores without a range.

References:
  Goodfellow et al., "Generative Adversarial Nets", 2014.
  Mescheder et al., "Which Training Methods for GANs do actually Converge?",
  2018, https://arxiv.org/abs/1801.04406.
  Gulrajani et al., "Improved Training of Wasserstein GANs", 2017,
  https://arxiv.org/abs/1704.00028.
"""

from collections.abc import Callable

import tensorflow as tf


def discriminator_loss(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """-E[log D(x)] - E[log(1 - D(G))], `[]`, in nats; 2 log 2 by chance.

    Args:
      real: Logits of images of the data, `[B]`.
      fake: Logits of images of the generator, `[B]`.
    """
    return tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(
        tf.nn.softplus(fake)
    )


def generator_loss(fake: tf.Tensor) -> tf.Tensor:
    """-E[log D(G)], `[]`: the form whose gradient does not vanish."""
    return tf.reduce_mean(tf.nn.softplus(-fake))


def critic_loss(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """E[D(G)] - E[D(x)], `[]`, of scores `[B]`."""
    return tf.reduce_mean(fake) - tf.reduce_mean(real)


def r1_penalty(score: Callable, images: tf.Tensor) -> tf.Tensor:
    """E[||grad_x D(x)||^2] at images of the data, `[]`.

    Args:
      score: Maps images `[B, ...]` to `[B]`, row by row.
      images: `[B, ...]`, on the scale on which the gradient is taken.
    """
    return tf.reduce_mean(_squared_norms(score, images))


def gradient_penalty(
    score: Callable, real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor:
    """E[(||grad_x D(x)|| - 1)^2] at points between real and fake, `[]`.

    Args:
      score: Maps images `[B, ...]` to `[B]`, row by row.
      real: Images of the data, `[B, ...]`.
      fake: Images of the generator, `[B, ...]`.
      seed: Of the places between them, `[2]`.
    """
    shape = [fake.shape[0]] + [1] * (fake.shape.rank - 1)
    place = tf.random.stateless_uniform(shape, seed)
    squares = _squared_norms(score, real + place * (fake - real))
    # The root has no derivative at 0.
    norms = tf.sqrt(squares + 1e-12)
    return tf.reduce_mean(tf.square(norms - 1.0))


def _squared_norms(score: Callable, images: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        scores = score(images)
    gradients = tape.gradient(scores, images)  # Of the sum: row by row.
    axes = list(range(1, images.shape.rank))
    return tf.reduce_sum(tf.square(gradients), axes)
