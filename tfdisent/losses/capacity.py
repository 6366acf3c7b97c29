"""The capacity term of Burgess et al.: the rate is held at a set value."""

import tensorflow as tf

from tfdisent.errors import UsageError

READINGS = ("batch", "image")


def capacity_penalty(
    rate: tf.Tensor, capacity: tf.Tensor, reading: str = "batch"
) -> tf.Tensor:
    """|KL - C|.

    Args:
      rate: KL(q(z|x) || p(z)) of each image, `[B]`, in nats.
      capacity: C, `[]`, in nats.
      reading: Of KL in the formula: "batch" for the mean over the batch,
        "image" for each image's own.

    Returns:
      `[]` for "batch", `[B]` for "image", in nats.

    Raises:
      UsageError: If the reading is unknown.

    References:
      Burgess et al., "Understanding disentangling in beta-VAE", 2018, eq. 8,
      https://arxiv.org/abs/1804.03599.
    """
    if reading not in READINGS:
        raise UsageError(
            f"reading is {reading!r}; it must be one of {', '.join(READINGS)}."
        )
    kl = tf.reduce_mean(rate) if reading == "batch" else rate
    return tf.abs(kl - capacity)
