import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from tfdisent.models import code_maps

RNG = np.random.default_rng(0)
LATENTS = RNG.normal(size=(200_000, 4)).astype("f")


def test_normal_codes_become_uniform_ones():
    codes = code_maps.to_uniform(LATENTS).numpy()
    assert stats.kstest(codes[:, 0], stats.uniform(-1, 2).cdf).pvalue > 0.01
    expected = 2 * stats.norm.cdf(LATENTS) - 1
    np.testing.assert_allclose(codes, expected, atol=1e-6)


def test_classes_are_equally_likely():
    codes = code_maps.to_one_hot(tf.constant(LATENTS)).numpy()
    np.testing.assert_array_equal(codes.argmax(1), LATENTS.argmax(1))
    np.testing.assert_array_equal(codes.sum(axis=1), 1)
    np.testing.assert_allclose(codes.mean(axis=0), [0.25] * 4, atol=0.005)


def test_sure_belief_about_a_uniform_code_gives_its_latent_back():
    latents = np.linspace(-3, 3, 13)[:, None].astype("f")
    belief = tfp.distributions.Normal(
        code_maps.to_uniform(latents), np.full_like(latents, 1e-4)
    )
    found = code_maps.of_uniform(belief)
    np.testing.assert_allclose(found.mean(), latents, atol=1e-3)
    # dz/dc = 1 / (2 phi(z)).
    slope = 1 / (2 * stats.norm.pdf(latents))
    np.testing.assert_allclose(found.stddev(), 1e-4 * slope, rtol=2e-3)


def test_latents_of_uniform_codes_stay_within_the_prior():
    belief = tfp.distributions.Normal([[-7.0, 1.0, 0.0]], [[0.5, 0.5, 2.0]])
    found = code_maps.of_uniform(belief)
    np.testing.assert_allclose(
        found.mean(), [[-3.2905, 3.2905, 0.0]], rtol=1e-3
    )
    np.testing.assert_array_equal(found.stddev(), [[1, 1, 1]])


@pytest.mark.parametrize(
    "probabilities",
    [[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.6, 0.3, 0.1, 0.0]],
)
def test_moments_given_the_class_are_those_of_samples(probabilities):
    found = code_maps.of_class(tf.constant([probabilities]))
    # The codes of each class, weighed so that classes have these odds.
    weights = 4 * np.array(probabilities)[LATENTS.argmax(1)][:, None]
    mean = (weights * LATENTS).mean(0)
    squares = (weights * LATENTS**2).mean(0)
    np.testing.assert_allclose(found.mean()[0], mean, atol=0.02)
    np.testing.assert_allclose(
        found.stddev()[0], np.sqrt(squares - mean**2), atol=0.02
    )


@pytest.mark.parametrize("size", [2, 10])
def test_likeliest_class_is_the_class_of_the_mean(size):
    probabilities = RNG.dirichlet(np.ones(size), size=50).astype("f")
    found = code_maps.of_class(tf.constant(probabilities))
    np.testing.assert_array_equal(
        code_maps.to_one_hot(found.mean()).numpy().argmax(1),
        probabilities.argmax(1),
    )
    uniform = code_maps.of_class(tf.fill([1, size], 1 / size))
    np.testing.assert_allclose(uniform.mean(), np.zeros((1, size)), atol=1e-6)
    np.testing.assert_allclose(uniform.stddev(), np.ones((1, size)), rtol=1e-5)
