import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.losses.moments import covariance, dip_penalty


def correlated(batch=9, latents=4, seed=0):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(latents, latents))
    values = rng.normal(size=(batch, latents)) @ mixing + [3, -1, 0, 10]
    return values.astype("f")


def test_covariance_is_numpys_over_the_batch():
    values = correlated()
    np.testing.assert_allclose(
        covariance(tf.constant(values)),
        np.cov(values, rowvar=False, bias=True),
        rtol=1e-4,
        atol=1e-5,
    )


def test_covariance_is_a_slow_double_loop():
    values = correlated().astype(np.float64)
    batch, latents = values.shape
    expected = np.zeros((latents, latents))
    for i in range(latents):
        for j in range(latents):
            products = [values[b, i] * values[b, j] for b in range(batch)]
            means = values[:, i].mean() * values[:, j].mean()
            expected[i, j] = np.mean(products) - means
    given = covariance(tf.constant(values, tf.float32))
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-4)


def test_codes_far_from_zero_keep_their_covariance():
    # E[v v^T] - E[v] E[v]^T taken literally loses all digits here.
    values = correlated()
    near, far = (covariance(tf.constant(values + c)) for c in (0.0, 4096.0))
    np.testing.assert_allclose(far, near, rtol=0.01, atol=0.01)


def test_one_image_has_no_covariance():
    with pytest.raises(UsageError, match="batch of 1; .* at least 2"):
        covariance(tf.zeros([1, 4]))


@pytest.mark.parametrize(("lambda_od", "lambda_d"), [(2, 30), (5, 0), (0, 7)])
def test_penalty_is_a_slow_double_loop(lambda_od, lambda_d):
    covariances = np.cov(correlated(), rowvar=False)
    expected = 0.0
    for i, row in enumerate(covariances):
        for j, value in enumerate(row):
            on = lambda_d * (value - 1) ** 2
            expected += on if i == j else lambda_od * value**2
    given = dip_penalty(
        tf.constant(covariances, tf.float32), lambda_od, lambda_d
    )
    np.testing.assert_allclose(given, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("covariances", "expected"),
    [
        (np.eye(5), 0.0),
        (np.zeros((5, 5)), 5 * 100.0),
        (2 * np.eye(5), 5 * 100.0),
        # Ones: the wrong sum of a variance and every covariance.
        (np.ones((5, 5)), 20 * 3.0),
        (np.eye(5) + 0.5 * np.eye(5, k=1) + 0.5 * np.eye(5, k=-1), 8 * 0.75),
    ],
)
def test_penalty_of_known_covariances(covariances, expected):
    given = dip_penalty(tf.constant(covariances, tf.float32), 3.0, 100.0)
    np.testing.assert_allclose(given, expected)
