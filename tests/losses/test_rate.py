import numpy as np
import pytest
import tensorflow_probability as tfp

from tfdisent.losses.rate import rate

tfd = tfp.distributions
STANDARD = tfd.Normal(0.0, 1.0)


def gaussian(batch=5, latents=3, seed=0):
    rng = np.random.default_rng(seed)
    mean = rng.normal(size=(batch, latents)).astype("f")
    return tfd.Normal(mean, rng.uniform(0.3, 2, (batch, latents)).astype("f"))


def closed_form(q, p):
    """KL(q || p), `[B]`, of two factorised Gaussians."""
    m_q, s_q, m_p, s_p = (
        np.asarray(x, np.float64) for x in (q.loc, q.scale, p.loc, p.scale)
    )
    terms = np.log(s_p**2) - np.log(s_q**2) - 1
    return 0.5 * (terms + (s_q**2 + (m_q - m_p) ** 2) / s_p**2).sum(1)


@pytest.mark.parametrize(
    "prior",
    [
        STANDARD,
        tfd.Normal([0.5, -1.0, 2.0], [0.5, 1.0, 3.0]),
        gaussian(seed=1),
    ],
    ids=["standard", "of each latent", "of each image"],
)
def test_rate_is_the_closed_form(prior):
    given = rate(gaussian(), prior)
    assert given.shape == (5,)
    np.testing.assert_allclose(given, closed_form(gaussian(), prior), rtol=1e-5)


def test_rate_agrees_with_monte_carlo_and_has_a_direction():
    q, p = gaussian(), gaussian(seed=1)
    codes = q.sample(200_000, seed=[1, 2])  # [S, B, D]
    ratios = np.sum(q.log_prob(codes) - p.log_prob(codes), axis=2)
    error = ratios.std(0) / np.sqrt(200_000)
    assert (np.abs(rate(q, p) - ratios.mean(0)) < 5 * error).all()
    assert (np.abs(rate(p, q) - ratios.mean(0)) > 50 * error).any()


def test_rate_is_zero_for_equals_and_for_no_others():
    q = gaussian()
    np.testing.assert_allclose(rate(q, q), np.zeros(5), atol=1e-6)
    for other in (
        tfd.Normal(q.loc + 0.05, q.scale),
        tfd.Normal(q.loc, q.scale * 1.05),
        tfd.Normal(q.loc, q.scale / 1.05),
    ):
        assert (rate(q, other).numpy() > 1e-4).all()


def test_narrow_posteriors_keep_their_nats():
    # -log s - 0.5 + 0.5 s^2, exact where exp(-2 * 20) is lost beside 1.
    narrow = tfd.Normal([[0.0]], [[np.float32(np.exp(-20.0))]])
    np.testing.assert_allclose(rate(narrow, STANDARD), [19.5], rtol=1e-6)
