import pytest
import tensorflow as tf

from tfdisent.losses.schedules import warm_up


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 0.25), (1, 0.5), (3, 1.0), (1000, 1.0)]
)
def test_rises_to_one(step, expected):
    assert float(warm_up(tf.constant(step), 4)) == expected


def test_none_is_a_constant():
    assert float(warm_up(tf.constant(0), 0)) == 1.0
