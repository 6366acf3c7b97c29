import numpy as np
import pytest
import tensorflow as tf

from tfdisent.losses.schedules import linear, warm_up


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (0.01, [0.01, 0.1, 1.0, 1.0]),
        (256.0, [256.0, 16.0, 1.0, 1.0]),
        (1.0, [1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_moves_geometrically_to_one_and_stays(start, expected):
    given = [warm_up(tf.constant(step), start, 10) for step in (0, 5, 10, 99)]
    np.testing.assert_allclose(given, expected, rtol=1e-5)


def test_no_steps_are_a_constant():
    assert float(warm_up(tf.constant(0), 256.0, 0)) == 1.0


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 0.5), (1, 2.95), (4, 10.3), (10, 25.0), (1000, 25.0)],
)
def test_moves_linearly_to_the_end_and_stays(step, expected):
    given = linear(tf.constant(step), 0.5, 25.0, 10)
    assert given.dtype == tf.float32
    np.testing.assert_allclose(given, expected, rtol=1e-6)


def test_moves_down_as_well():
    given = [linear(tf.constant(step), 4.0, -4.0, 8) for step in (0, 2, 8, 9)]
    np.testing.assert_allclose(given, [4.0, 2.0, -4.0, -4.0])


@pytest.mark.parametrize("step", [0, 7])
def test_no_steps_are_the_end(step):
    assert float(linear(tf.constant(step), 0.5, 25.0, 0)) == 25.0
