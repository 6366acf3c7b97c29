import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models.gradients import gradient_fn

IMAGES = tf.constant(np.random.default_rng(0).normal(size=(8, 3)).astype("f"))
SEED, STEP = tf.constant([1, 2]), tf.constant(0)


def weights():
    return keras.Variable([1.0, -2.0, 0.5])


def squares(variable):
    """A loss that is a mean over images, with its largest one in the logs."""

    def loss(images, seed, step):
        outputs = tf.linalg.matvec(images, variable.value)
        values = tf.square(outputs)
        return tf.reduce_mean(values), {"mean": tf.reduce_mean(outputs)}

    return loss


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("num_parts", [1, 2, 8])
def test_gradient_of_a_mean_is_that_of_the_formula(num_parts, jit_compile):
    variable = weights()
    function = gradient_fn(
        squares(variable),
        [variable],
        num_parts=num_parts,
        jit_compile=jit_compile,
    )
    (gradient,), loss, logs = function(IMAGES, SEED, STEP, 1.0)
    outputs = IMAGES.numpy() @ variable.numpy()
    expected = 2 * outputs @ IMAGES.numpy() / 8
    np.testing.assert_allclose(gradient, expected, rtol=1e-5)
    np.testing.assert_allclose(loss, np.mean(outputs**2), rtol=1e-5)
    np.testing.assert_allclose(logs["mean"], np.mean(outputs), rtol=1e-5)


def test_scale_is_on_the_gradient_alone():
    variable = weights()
    function = gradient_fn(squares(variable), [variable])
    (once,), loss, _ = function(IMAGES, SEED, STEP, 1.0)
    (scaled,), same, _ = function(IMAGES, SEED, STEP, 1024.0)
    np.testing.assert_allclose(scaled, 1024 * once, rtol=1e-6)
    assert float(loss) == float(same)


def test_each_part_has_noise_of_its_own():
    variable = weights()

    def loss(images, seed, step):
        noise = tf.random.stateless_uniform([], seed)
        return tf.reduce_sum(variable.value), {"1": noise, "2": noise**2}

    function = gradient_fn(loss, [variable], num_parts=4)
    logs = function(IMAGES, SEED, STEP, 1.0)[2]
    assert float(logs["2"]) - float(logs["1"]) ** 2 > 1e-3  # Their variance.


def test_parts_are_cut_from_every_tensor_of_a_batch():
    variable = weights()
    seen = []

    def loss(batch, seed, step):
        images, factors = batch
        seen.append((images.shape, factors.shape))
        values = tf.linalg.matvec(images, variable.value)
        return tf.reduce_mean(values * factors), {}

    function = gradient_fn(loss, [variable], num_parts=4)
    factors = tf.range(8.0)
    (gradient,), _, _ = function((IMAGES, factors), SEED, STEP, 1.0)
    expected = np.mean(IMAGES.numpy() * factors.numpy()[:, None], axis=0)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5)
    assert set(seen) == {((2, 3), (2,))}


def test_parts_that_do_not_divide_the_batch_are_refused():
    variable = weights()
    function = gradient_fn(squares(variable), [variable], num_parts=3)
    with pytest.raises(UsageError, match="is 3; it must divide the 8 images"):
        function(IMAGES, SEED, STEP, 1.0)
