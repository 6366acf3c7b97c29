import numpy as np
import pytest
import tensorflow as tf

from tfdisent.losses import adversarial

SEED = [1, 2]


def test_losses_are_the_log_probabilities():
    real, fake = np.float32([0.3, -2.0]), np.float32([1.5, -0.4])

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    expected = -np.log(sigmoid(real)).mean() - np.log(1 - sigmoid(fake)).mean()
    found = adversarial.discriminator_loss(real, fake)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(
        adversarial.generator_loss(fake), -np.log(sigmoid(fake)).mean(), 1e-6
    )
    np.testing.assert_allclose(
        adversarial.critic_loss(real, fake), fake.mean() - real.mean(), 1e-6
    )


def test_chance_is_two_log_two():
    zeros = np.zeros(3, np.float32)
    found = adversarial.discriminator_loss(zeros, zeros)
    np.testing.assert_allclose(found, 2 * np.log(2), rtol=1e-6)


@pytest.mark.parametrize("logit", [-200.0, 200.0])
def test_extreme_logits_are_finite(logit):
    logits = tf.constant([logit])
    assert np.isfinite(adversarial.discriminator_loss(logits, logits))
    assert np.isfinite(adversarial.generator_loss(logits))


def score(images):
    """x_0^2 / 2 + 3 x_1, whose gradient is (x_0, 3)."""
    return images[:, 0, 0] ** 2 / 2 + 3 * images[:, 0, 1]


def test_r1_is_the_mean_squared_gradient():
    images = tf.constant([[[2.0, 5.0]], [[-1.0, 0.0]]])
    found = adversarial.r1_penalty(score, images)
    np.testing.assert_allclose(found, (4 + 9 + 1 + 9) / 2, rtol=1e-6)


def test_the_gradient_penalty_is_taken_between_both():
    real, fake = tf.zeros([1000, 1, 2]), 4 * tf.ones([1000, 1, 2])
    found = adversarial.gradient_penalty(score, real, fake, SEED)
    place = np.linspace(0, 4, 100_001)  # of x_0, uniform
    expected = np.mean((np.sqrt(place**2 + 9) - 1) ** 2)
    np.testing.assert_allclose(found, expected, rtol=0.05)


def test_a_flat_critic_has_a_finite_gradient():
    weight = tf.Variable(0.0)
    images = tf.random.stateless_normal([4, 1, 2], SEED)

    def flat(x):
        return weight * x[:, 0, 0]

    with tf.GradientTape() as tape:
        loss = adversarial.gradient_penalty(flat, images, -images, SEED)
    np.testing.assert_allclose(loss, 1.0, atol=1e-5)
    assert np.isfinite(tape.gradient(loss, weight))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_penalties_move_the_weights_as_by_hand(jit_compile):
    """Of D(x) = tanh(w x_0): its gradient is w (1 - tanh^2)."""
    weight = tf.Variable(0.7)
    images = tf.constant([[[0.4, 0.0]], [[-1.1, 0.0]]])

    @tf.function(jit_compile=jit_compile)
    def slope():
        with tf.GradientTape() as tape:
            loss = adversarial.r1_penalty(
                lambda x: tf.tanh(weight * x[:, 0, 0]), images
            )
        return tape.gradient(loss, weight)

    def penalty(w):
        x = images.numpy()[:, 0, 0].astype(np.float64)
        return np.mean((w * (1 - np.tanh(w * x) ** 2)) ** 2)

    by_hand = (penalty(0.7 + 1e-5) - penalty(0.7 - 1e-5)) / 2e-5
    np.testing.assert_allclose(slope(), by_hand, rtol=1e-4)
