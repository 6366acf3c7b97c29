import numpy as np
import pytest
import tensorflow as tf

from tfdisent.losses.schedules import warm_up


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
