import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models.dip_vae import DIPVAEI, DIPVAEII
from tfdisent.models.vae import VAE

SHAPE = (16, 16, 1)
IMAGES = tf.constant(
    np.random.default_rng(0).integers(0, 2, (8, *SHAPE)).astype("f")
)
SEED, STEP = tf.constant([1, 2]), tf.constant(0)
TYPES = pytest.mark.parametrize("model", [DIPVAEI, DIPVAEII])


def make(model, **arguments):
    return model(image_shape=SHAPE, num_latents=3, seed=5, **arguments)


def expected_covariance(model):
    """Of the type's definition, from the encoder's outputs."""
    outputs = model.encoder(IMAGES).numpy().astype(np.float64)
    mean, log_variance = np.split(outputs, 2, axis=1)
    covariances = np.cov(mean, rowvar=False, bias=True)
    if isinstance(model, DIPVAEII):
        for d in range(3):
            covariances[d, d] += np.exp(log_variance[:, d]).mean()
    return covariances


@TYPES
def test_penalty_is_that_of_the_encoder_outputs(model):
    model = make(model, lambda_od=7.0, lambda_d=11.0)
    covariances = expected_covariance(model)
    expected = 0.0
    for i in range(3):
        expected += 11.0 * (covariances[i, i] - 1) ** 2
        expected += sum(7.0 * covariances[i, j] ** 2 for j in range(3) if j - i)
    vae_loss, _ = make(VAE).elbo_loss(IMAGES, SEED, STEP)
    loss, logs = model.elbo_loss(IMAGES, SEED, STEP)
    np.testing.assert_allclose(logs["covariance_penalty"], expected, rtol=1e-4)
    np.testing.assert_allclose(loss, float(vae_loss) + expected, rtol=1e-5)


def test_types_differ_by_the_diagonal_of_the_mean_variances():
    first, second = make(DIPVAEI), make(DIPVAEII)
    posterior = first.encode(IMAGES)
    difference = second.code_covariance(posterior) - first.code_covariance(
        posterior
    )
    variances = np.mean(posterior.variance(), axis=0)
    np.testing.assert_allclose(difference, np.diag(variances), atol=1e-6)


def test_covariance_of_type_ii_is_that_of_the_codes():
    model = make(DIPVAEII)
    posterior = model.encode(IMAGES)
    codes = posterior.sample(20_000, seed=[3, 4]).numpy().reshape(-1, 3)
    np.testing.assert_allclose(
        model.code_covariance(posterior),
        np.cov(codes, rowvar=False, bias=True),
        atol=0.02,
    )


@pytest.mark.parametrize(("model", "ratio"), [(DIPVAEI, 10), (DIPVAEII, 1)])
def test_weight_of_the_diagonal_follows_that_beside_it(model, ratio):
    assert make(model, lambda_od=3.0).lambda_d == 3.0 * ratio
    assert make(model, lambda_od=3.0, lambda_d=0.5).lambda_d == 0.5
    assert make(model, lambda_od=3.0, lambda_d=0.0).lambda_d == 0.0
    assert make(model).lambda_d == 10.0 * ratio


@TYPES
def test_no_weights_are_the_vae_exactly(model):
    expected, _ = make(VAE).elbo_loss(IMAGES, SEED, STEP)
    neutral = make(model, lambda_od=0.0, lambda_d=0.0)
    assert float(neutral.elbo_loss(IMAGES, SEED, STEP)[0]) == float(expected)


@TYPES
def test_one_image_is_refused(model):
    with pytest.raises(UsageError, match="batch of 1"):
        make(model).elbo_loss(IMAGES[:1], SEED, STEP)


@TYPES
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lambda_od": -1.0}, "lambda_od is -1"),
        ({"lambda_d": -0.5}, "lambda_d is -0.5"),
        ({"lambda_od": float("nan")}, "lambda_od is nan"),
    ],
)
def test_bad_arguments_are_named(model, arguments, message):
    with pytest.raises(UsageError, match=message):
        make(model, **arguments)
