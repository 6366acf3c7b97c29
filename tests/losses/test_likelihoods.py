import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfdisent.losses.likelihoods import (
    LIKELIHOODS,
    bernoulli,
    calibrated_gaussian,
    gaussian,
    laplace,
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


@pytest.mark.parametrize("sigma", [1.0, 0.2])
def test_laplace_is_the_absolute_error_and_its_constant(sigma):
    expected = -stats.laplace.logpdf(IMAGES, OUTPUTS, sigma).sum((1, 2, 3))
    distortion = -laplace(OUTPUTS, sigma=sigma).log_prob(IMAGES)
    np.testing.assert_allclose(distortion, expected, rtol=1e-5)
    by_hand = np.abs(IMAGES - OUTPUTS) / sigma + np.log(2 * sigma)
    np.testing.assert_allclose(distortion, by_hand.sum((1, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_mean_is_what_the_decoder_says(name):
    expected = OUTPUTS
    if name == "bernoulli":
        expected = 1 / (1 + np.exp(-OUTPUTS))
    for images in (None, IMAGES):
        likelihood = LIKELIHOODS[name](OUTPUTS, images)
        assert (likelihood.batch_shape, likelihood.event_shape) == (
            3,
            (4, 4, 2),
        )
        np.testing.assert_allclose(likelihood.mean(), expected, rtol=1e-5)


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


def test_calibrated_sigma_can_be_that_of_all_replicas():
    # This replica's mean squared error, and one of 0.49 on another one.
    own = float(np.mean((IMAGES - OUTPUTS) ** 2))
    calibrated = calibrated_gaussian(
        OUTPUTS, IMAGES, over_replicas=lambda variance: (variance + 0.49) / 2
    )
    expected = gaussian(OUTPUTS, sigma=np.sqrt((own + 0.49) / 2, dtype="f"))
    np.testing.assert_allclose(
        calibrated.log_prob(IMAGES), expected.log_prob(IMAGES), rtol=1e-5
    )


def test_replicas_are_asked_for_what_has_no_gradient():
    outputs, variance = tf.constant(OUTPUTS), []
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        calibrated_gaussian(
            outputs, IMAGES, over_replicas=lambda v: variance.append(v) or v
        )
    assert tape.gradient(variance[0], outputs) is None
