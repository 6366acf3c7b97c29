import itertools

import numpy as np
import pytest
import tensorflow_probability as tfp

from tfdisent.errors import UsageError
from tfdisent.losses.kl_decomposition import (
    ESTIMATORS,
    decompose_kl,
    log_importance_weights,
)

tfd = tfp.distributions


def random_posterior(batch=7, latents=3, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    mean = spread * rng.normal(size=(batch, latents)).astype(np.float32)
    stddev = rng.uniform(0.2, 1.5, (batch, latents)).astype(np.float32)
    noise = rng.normal(size=(batch, latents)).astype(np.float32)
    return tfd.Normal(mean, stddev), mean + stddev * noise


def log_normal(x, mean, stddev):
    return (
        -0.5 * np.log(2 * np.pi)
        - np.log(stddev)
        - 0.5 * ((x - mean) / stddev) ** 2
    )


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_terms_equal_slow_loops(estimator):
    posterior, codes = random_posterior()
    mean, stddev = posterior.loc.numpy(), posterior.scale.numpy()
    batch, latents = mean.shape
    size = 50
    weights = np.exp(log_importance_weights(batch, size, estimator))
    terms = decompose_kl(
        posterior, codes, tfd.Normal(0.0, 1.0), size, estimator
    )
    for i in range(batch):
        q_z, q_z_d = 0.0, np.zeros(latents)
        for j in range(batch):
            densities = np.exp(log_normal(codes[i], mean[j], stddev[j]))
            q_z += weights[i, j] * np.prod(densities)
            q_z_d += weights[i, j] * densities
        q_z_x = log_normal(codes[i], mean[i], stddev[i]).sum()
        p_z = log_normal(codes[i], 0.0, 1.0).sum()
        product = np.log(q_z_d).sum()
        np.testing.assert_allclose(
            [term[i] for term in terms],
            [q_z_x - np.log(q_z), np.log(q_z) - product, product - p_z],
            rtol=2e-4,
            atol=2e-4,
        )


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("size", [16, 17, 737_280])
@pytest.mark.parametrize("spread", [0.0, 1.0, 30.0])
def test_terms_add_up_to_the_monte_carlo_kl(estimator, size, spread):
    posterior, codes = random_posterior(16, 10, size, spread)
    prior = tfd.Normal(0.0, 1.0)
    terms = decompose_kl(posterior, codes, prior, size, estimator)
    expected = np.sum(posterior.log_prob(codes) - prior.log_prob(codes), 1)
    np.testing.assert_allclose(sum(terms), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("batch", "size"), [(8, 200), (8, 8), (2, 737_280)])
def test_mss_rows_sum_to_one_and_the_image_itself_weighs_one_of_n(batch, size):
    logs = log_importance_weights(batch, size, "mss").astype(np.float64)
    weights = np.exp(logs)
    np.testing.assert_allclose(weights.sum(1), np.ones(batch), rtol=1e-5)
    np.testing.assert_allclose(np.diag(logs), -np.log(size), rtol=1e-6)


def test_mss_is_unbiased_and_mws_is_not():
    # q(z) = mean_n q(z|n) of 40 images; 20,000 batches of 8 with image 0.
    rng = np.random.default_rng(0)
    means = rng.normal(size=40)
    z = means[0] + 0.1
    densities = np.exp(log_normal(z, means, 0.3))
    estimates = {}
    for estimator in ESTIMATORS:
        weights = np.exp(log_importance_weights(8, 40, estimator))
        others = np.stack([1 + rng.permutation(39)[:7] for _ in range(20_000)])
        batch = np.concatenate([np.zeros((20_000, 1), int), others], axis=1)
        estimates[estimator] = densities[batch] @ weights[0]
    exact = densities.mean()
    error = estimates["mss"].std() / np.sqrt(20_000)
    assert abs(estimates["mss"].mean() - exact) < 4 * error
    assert estimates["mws"].mean() < 0.5 * exact


@pytest.mark.parametrize("place", [0, 1, 3])
def test_mss_averages_to_the_exact_mixture_over_all_batches(place):
    # All 60 batches of 4 in which image 0 of 6 has this place.
    posterior, codes = random_posterior(batch=6, latents=2)
    mean, stddev = posterior.loc.numpy(), posterior.scale.numpy()
    estimates = []
    for others in itertools.permutations(range(1, 6), 3):
        batch = np.insert(others, place, 0)
        part = tfd.Normal(mean[batch], stddev[batch])
        terms = decompose_kl(part, codes[batch], tfd.Normal(0.0, 1.0), 6)
        log_q_z_given_x = np.sum(part.log_prob(codes[batch]), 1)
        estimates.append(np.exp(log_q_z_given_x - terms.mutual_information))
    densities = np.exp(np.sum(posterior.log_prob(codes[0]), 1))  # [6]
    np.testing.assert_allclose(
        np.mean(estimates, 0)[place], densities.mean(), rtol=1e-5
    )


def test_no_information_means_no_total_correlation():
    posterior = tfd.Normal(np.zeros([16, 4], "f"), np.ones([16, 4], "f"))
    codes = np.random.default_rng(1).normal(size=(16, 4)).astype("f")
    terms = decompose_kl(posterior, codes, tfd.Normal(0.0, 1.0), 1000)
    np.testing.assert_allclose(terms, np.zeros([3, 16]), atol=1e-5)


@pytest.mark.parametrize(
    ("batch", "size", "estimator", "given"),
    [
        (1, 100, "mss", "1 images"),
        (64, 32, "mss", "64 images"),
        (8, 100, "exact", "'exact'"),
    ],
)
def test_bad_arguments_are_named(batch, size, estimator, given):
    with pytest.raises(UsageError, match=given):
        log_importance_weights(batch, size, estimator)
