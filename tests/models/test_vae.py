import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models import MODELS
from tfdisent.models.vae import VAE

SHAPE = (16, 16, 1)
RNG = np.random.default_rng(0)
IMAGES = tf.constant(RNG.integers(0, 2, (8, *SHAPE)).astype("f"))
SEED = tf.constant([1, 2])
STEP = tf.constant(0)


def loss_of(model):
    loss, logs = model.elbo_loss(IMAGES, SEED, STEP)
    return float(loss), {k: np.asarray(v) for k, v in logs.items()}


def test_loss_is_distortion_plus_rate():
    loss, logs = loss_of(VAE(image_shape=SHAPE, num_latents=3))
    np.testing.assert_allclose(
        loss, logs["distortion"] + logs["rate"], rtol=1e-6
    )
    np.testing.assert_allclose(
        logs["kl_per_latent"].sum(), logs["rate"], rtol=1e-5
    )


def test_rate_is_the_closed_form_of_the_encoder_outputs():
    model = VAE(image_shape=SHAPE, num_latents=3)
    mean, log_variance = np.split(model.encoder(IMAGES).numpy(), 2, axis=1)
    expected = 0.5 * np.sum(
        mean**2 + np.exp(log_variance) - log_variance - 1, axis=1
    )
    np.testing.assert_allclose(
        model.rate(model.encode(IMAGES)), expected, rtol=1e-4
    )


def test_rate_agrees_with_monte_carlo():
    model = VAE(image_shape=SHAPE, num_latents=3)
    posterior = model.encode(IMAGES)
    codes = posterior.sample(100_000, seed=SEED)
    ratio = posterior.log_prob(codes) - model.prior.log_prob(codes)
    sampled = np.mean(np.sum(ratio, axis=2), axis=0)
    np.testing.assert_allclose(model.rate(posterior), sampled, atol=0.02)


def test_noise_is_a_function_of_the_seed():
    model = VAE(image_shape=SHAPE)
    first, again, other = (
        float(model.elbo_loss(IMAGES, tf.constant(seed), STEP)[0])
        for seed in ([1, 2], [1, 2], [1, 3])
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("name", "neutral"),
    [
        ("beta_vae", {"beta": 1.0}),
        ("beta_tcvae", {"beta": 1.0, "dataset_size": 100}),
        (
            "beta_tcvae",
            {"beta": 1.0, "dataset_size": 100, "estimator": "mws"},
        ),
    ],
)
def test_neutral_weights_are_the_vae_exactly(name, neutral):
    same = {"image_shape": SHAPE, "num_latents": 3, "seed": 5}
    expected, _ = loss_of(VAE(**same))
    assert loss_of(MODELS[name](**same, **neutral))[0] == expected


@pytest.mark.parametrize(
    ("step", "weight"), [(0, 16.0), (5, 4.0), (10, 1.0), (99, 1.0)]
)
def test_warm_up_weighs_the_regularizer(step, weight):
    model = VAE(image_shape=SHAPE, warmup_start=16.0, warmup_steps=10)
    loss, logs = model.elbo_loss(IMAGES, SEED, tf.constant(step))
    expected = logs["distortion"] + weight * logs["rate"]
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(logs["regularizer_weight"], weight, rtol=1e-5)


@pytest.mark.parametrize("name", ["bernoulli", "gaussian"])
def test_distortion_is_minus_the_log_likelihood_of_the_decoder(name):
    model = VAE(image_shape=SHAPE, likelihood=name)
    codes = tf.zeros([8, 10])
    outputs = model.decoder(codes).numpy().astype(np.float64)
    x = IMAGES.numpy()
    per_pixel = {
        "bernoulli": np.logaddexp(0, outputs) - x * outputs,
        "gaussian": 0.5 * (x - outputs) ** 2 + 0.5 * np.log(2 * np.pi),
    }[name]
    np.testing.assert_allclose(
        -model.decode(codes).log_prob(IMAGES),
        per_pixel.sum((1, 2, 3)),
        rtol=1e-5,
    )


def test_adam_lowers_the_calibrated_distortion(squares):
    model = VAE(image_shape=SHAPE, likelihood="calibrated_gaussian")
    model.compile({"vae": keras.optimizers.Adam(1e-3)})
    images = squares.images(np.arange(75)).astype("f") / 255
    before = float(model.elbo_loss(images, SEED, STEP)[1]["distortion"])
    batches = tf.data.Dataset.from_tensors(images).repeat()
    model.fit(batches, steps_per_epoch=60, shuffle=False, verbose=0)
    after = float(model.elbo_loss(images, SEED, STEP)[1]["distortion"])
    assert after < before - 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_latents": 0}, "num_latents is 0"),
        ({"architecture": "resnet"}, "'resnet'.*mlp, higgins"),
        ({"likelihood": "cauchy"}, "'cauchy'.*bernoulli, gaussian"),
        ({"warmup_steps": -5}, "warmup_steps is -5"),
        ({"warmup_start": 0.0}, "warmup_start is 0"),
        ({"sigma": 0.5}, "for the gaussian"),
        ({"sigma": -1.0, "likelihood": "gaussian"}, "sigma is -1"),
        ({"sigma": float("nan"), "likelihood": "gaussian"}, "sigma is nan"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        VAE(image_shape=SHAPE, **arguments)


@pytest.mark.parametrize("bad", [-1.0, 255.0, np.nan])
def test_images_outside_of_0_to_1_are_refused(bad):
    images = np.full((4, *SHAPE), 0.5, "f")
    images[2, 3, 4] = bad
    model = VAE(image_shape=SHAPE)
    model.compile({"vae": keras.optimizers.Adam()})
    with pytest.raises(UsageError, match="must be from 0 to 1"):
        model.fit(images, verbose=0)
    model.fit(np.clip(np.nan_to_num(images), 0, 1), verbose=0)
