import numpy as np
import pytest
import tensorflow as tf

from tfdisent.models.clamp import centre_of, clamp, spread

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(6, 2, 4)).astype("f")
ACTIVE = np.array([True, False, False, True])
WEIGHTS = RNG.normal(size=(6, 2, 4)).astype("f")
CENTRES = {"mean": VALUES.mean(axis=0), "first": VALUES[0]}


@pytest.mark.parametrize("kind", CENTRES)
def test_values_that_are_not_active_become_the_centre(kind):
    centre = centre_of(tf.constant(VALUES), kind, over_replicas=False)
    np.testing.assert_allclose(centre, CENTRES[kind], rtol=1e-6)
    clamped = clamp(tf.constant(VALUES), ACTIVE, centre).numpy()
    np.testing.assert_array_equal(clamped[..., ACTIVE], VALUES[..., ACTIVE])
    for b in range(6):
        np.testing.assert_allclose(
            clamped[b][:, ~ACTIVE], CENTRES[kind][:, ~ACTIVE], rtol=1e-6
        )


def test_spread_is_half_the_squared_distance_of_what_is_held():
    centre = CENTRES["mean"]
    found = spread(tf.constant(VALUES), ACTIVE, tf.constant(centre))
    for b in range(6):
        expected = 0.5 * sum(
            (VALUES[b, i, j] - centre[i, j]) ** 2
            for i in range(2)
            for j in (1, 2)
        )
        assert float(found[b]) == pytest.approx(expected, rel=1e-5)


def decoder_loss(values):
    """Any function that is not linear, with a gradient everywhere."""
    return tf.reduce_sum(tf.sin(values) * WEIGHTS) + tf.reduce_sum(
        values[:, 0] ** 2 * values[:, 1]
    )


def as_the_paper_says(values, kind, strength):
    """Steps 4 to 8 of the algorithm, with its gradient put in by hand."""
    centre = CENTRES[kind]

    @tf.custom_gradient
    def replaced(z):
        def backward(gradient):
            return tf.where(ACTIVE, gradient, strength * (z - centre))

        return tf.where(ACTIVE, z, tf.broadcast_to(centre, z.shape)), backward

    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = decoder_loss(replaced(values))
    return tape.gradient(loss, values)


@pytest.mark.parametrize("kind", CENTRES)
@pytest.mark.parametrize("strength", [0.0, 0.01, 3.0])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradient_is_that_of_the_paper(kind, strength, jit_compile):
    @tf.function(jit_compile=jit_compile)
    def gradient(values):
        with tf.GradientTape() as tape:
            tape.watch(values)
            centre = centre_of(values, kind, over_replicas=False)
            loss = decoder_loss(clamp(values, ACTIVE, centre))
            held = spread(values, ACTIVE, centre)
            loss += strength * tf.reduce_sum(held)
        return tape.gradient(loss, values)

    values = tf.constant(VALUES)
    expected = as_the_paper_says(values, kind, strength)
    np.testing.assert_allclose(gradient(values), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", CENTRES)
@pytest.mark.parametrize("over_replicas", [False, True])
def test_centre_is_of_all_replicas_if_asked_for(mirrored, kind, over_replicas):
    parts = VALUES.reshape(2, 3, 2, 4)
    values = mirrored.experimental_distribute_values_from_function(
        lambda context: tf.constant(parts[context.replica_id_in_sync_group])
    )

    @tf.function
    def centres(values):
        return mirrored.run(centre_of, (values, kind, over_replicas))

    found = mirrored.experimental_local_results(centres(values))
    alone = [part.mean(0) if kind == "mean" else part[0] for part in parts]
    expected = [CENTRES[kind]] * 2 if over_replicas else alone
    np.testing.assert_allclose(np.stack(found), expected, rtol=1e-5)
