import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import special, stats

from tfdisent.losses.code_information import (
    categorical_information,
    uniform_information,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("size", [2, 3, 10])
def test_nothing_is_known_of_a_class_by_chance_and_all_where_it_is_sure(size):
    codes = tf.one_hot(RNG.integers(size, size=8), size)
    chance = categorical_information(tf.zeros([8, size]), codes)
    np.testing.assert_allclose(chance, np.zeros(8), atol=1e-6)
    sure = categorical_information(100 * codes, codes)
    np.testing.assert_allclose(sure, [np.log(size)] * 8, rtol=1e-6)
    wrong = categorical_information(-100 * codes, codes)
    assert (wrong.numpy() < -90).all()


def test_classes_by_hand():
    logits = RNG.normal(size=(6, 4)).astype("f")
    classes = RNG.integers(4, size=6)
    found = categorical_information(tf.constant(logits), tf.one_hot(classes, 4))
    chosen = special.log_softmax(logits, axis=1)[np.arange(6), classes]
    np.testing.assert_allclose(found, np.log(4) + chosen, rtol=1e-5)


def test_bound_is_the_information_where_q_is_the_posterior():
    # x is the class, but one of 5 at random with probability 0.3.
    classes = RNG.integers(5, size=200_000)
    shown = np.where(
        RNG.random(classes.size) < 0.3,
        RNG.integers(5, size=classes.size),
        classes,
    )
    right = 0.7 + 0.3 / 5
    posterior = np.full((5, 5), 0.3 / 5) + 0.7 * np.eye(5)
    logits = tf.constant(np.log(posterior)[shown], tf.float32)
    found = categorical_information(logits, tf.one_hot(classes, 5))
    others = 0.3 / 5
    entropy = -right * np.log(right) - 4 * others * np.log(others)
    np.testing.assert_allclose(np.mean(found), np.log(5) - entropy, atol=0.01)


def test_uniform_codes_by_hand():
    codes, mean = RNG.uniform(-1, 1, (2, 7, 3)).astype("f")
    stddev = RNG.uniform(0.1, 2, (7, 3)).astype("f")
    found = uniform_information(
        tfp.distributions.Normal(mean, stddev), tf.constant(codes)
    )
    expected = stats.norm.logpdf(codes, mean, stddev) - stats.uniform.logpdf(
        codes, -1, 2
    )
    np.testing.assert_allclose(found, expected.sum(axis=1), rtol=1e-4)


def test_most_that_a_fixed_standard_deviation_allows():
    codes = tf.constant(RNG.uniform(-1, 1, (5, 1)), tf.float32)
    found = uniform_information(tfp.distributions.Normal(codes, 1.0), codes)
    expected = np.log(2) - 0.5 * np.log(2 * np.pi)  # -0.23 nats.
    np.testing.assert_allclose(found, [expected] * 5, rtol=1e-5)
