import pytest
import tensorflow as tf

from tfdisent.losses.schedules import ramp


@pytest.mark.parametrize(
    ("step", "rising", "falling"),
    [(0, 0.0, 30.0), (1, 1.5, 24.0), (3, 4.5, 12.0), (4, 6.0, 6.0), (9, 6, 6)],
)
def test_moves_linearly_and_stays(step, rising, falling):
    step = tf.constant(step)
    assert float(ramp(step, 0.0, 6.0, 4)) == rising
    assert float(ramp(step, 30.0, 6.0, 4)) == falling


def test_no_steps_are_a_constant():
    assert float(ramp(tf.constant(0), 0.0, 6.0, 0)) == 6.0
