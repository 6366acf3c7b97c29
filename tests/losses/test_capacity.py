import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.losses.capacity import capacity_penalty

RATE = tf.constant([1.0, 4.0, 10.0])  # mean 5


@pytest.mark.parametrize(
    ("capacity", "batch", "image"),
    [
        (0.0, 5.0, [1.0, 4.0, 10.0]),
        (4.0, 1.0, [3.0, 0.0, 6.0]),
        (5.0, 0.0, [4.0, 1.0, 5.0]),
        (25.0, 20.0, [24.0, 21.0, 15.0]),
    ],
)
def test_distance_from_the_capacity(capacity, batch, image):
    np.testing.assert_allclose(capacity_penalty(RATE, capacity), batch)
    np.testing.assert_allclose(capacity_penalty(RATE, capacity, "image"), image)


def test_rates_on_both_sides_cancel_in_the_batch_alone():
    for reading, expected in (("batch", 0.0), ("image", 10 / 3)):
        penalty = tf.reduce_mean(capacity_penalty(RATE, 5.0, reading))
        np.testing.assert_allclose(penalty, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("reading", "expected"),
    [("batch", [-1 / 3] * 3), ("image", [-1 / 3, -1 / 3, 1 / 3])],
)
def test_gradient_draws_the_rate_to_the_capacity(reading, expected):
    with tf.GradientTape() as tape:
        tape.watch(RATE)
        loss = tf.reduce_mean(capacity_penalty(RATE, 6.0, reading))
    np.testing.assert_allclose(tape.gradient(loss, RATE), expected, rtol=1e-6)


def test_unknown_reading_is_named():
    with pytest.raises(UsageError, match="'sample'.* batch, image"):
        capacity_penalty(RATE, 5.0, "sample")
