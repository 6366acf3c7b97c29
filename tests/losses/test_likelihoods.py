import numpy as np
import tensorflow as tf

from tfdisent.losses.likelihoods import (
    bernoulli,
    calibrated_gaussian,
    gaussian,
)

RNG = np.random.default_rng(0)
OUTPUTS = RNG.normal(size=(3, 4, 4, 2)).astype("f")
IMAGES = RNG.uniform(size=(3, 4, 4, 2)).astype("f")


def test_bernoulli_is_the_sum_of_cross_entropies_also_of_grey_pixels():
    probability = 1 / (1 + np.exp(-OUTPUTS))
    expected = -(
        IMAGES * np.log(probability) + (1 - IMAGES) * np.log(1 - probability)
    ).sum((1, 2, 3))
    distortion = -bernoulli(OUTPUTS).log_prob(IMAGES)
    np.testing.assert_allclose(distortion, expected, rtol=1e-5)


def test_gaussian_is_half_the_squared_error_and_its_constant():
    expected = (
        0.5 * ((IMAGES - OUTPUTS) / 0.3) ** 2 + np.log(0.3 * np.sqrt(2 * np.pi))
    ).sum((1, 2, 3))
    distortion = -gaussian(OUTPUTS, sigma=0.3).log_prob(IMAGES)
    np.testing.assert_allclose(distortion, expected, rtol=1e-5)


def test_calibrated_sigma_is_the_best_one():
    best = np.sqrt(np.mean((IMAGES - OUTPUTS) ** 2))
    distortion = -calibrated_gaussian(OUTPUTS, IMAGES).log_prob(IMAGES)
    expected = -gaussian(OUTPUTS, sigma=best).log_prob(IMAGES)
    np.testing.assert_allclose(distortion, expected, rtol=1e-5)
    for other in (0.9 * best, 1.1 * best):
        worse = -gaussian(OUTPUTS, sigma=other).log_prob(IMAGES)
        assert np.mean(worse) > np.mean(distortion)


def test_calibrated_sigma_has_no_gradient_of_its_own():
    outputs = tf.constant(OUTPUTS)
    sigma = float(np.sqrt(np.mean((IMAGES - OUTPUTS) ** 2)))
    gradients = []
    for likelihood in (
        lambda o: calibrated_gaussian(o, IMAGES),
        lambda o: gaussian(o, sigma=sigma),
    ):
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            loss = -likelihood(outputs).log_prob(IMAGES)
        gradients.append(tape.gradient(loss, outputs))
    np.testing.assert_allclose(*gradients, rtol=1e-4)


def test_calibrated_sigma_of_a_perfect_copy_is_finite():
    distortion = -calibrated_gaussian(IMAGES, IMAGES).log_prob(IMAGES)
    assert np.isfinite(distortion).all()
