import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models.ground_truth_generator import GroundTruthGenerator
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.trainer import train
from tfdisent.training.workdir import read_log

SEED = tf.constant([1, 2])


def make(dataset, **hparams):
    return GroundTruthGenerator.from_dataset(dataset, **hparams)


def with_channels(model, gains, log_noise):
    """The model with a and s of known values."""
    model.gains.assign(np.divide(gains, model.channel_speed))
    model.log_noise.assign(np.divide(log_noise, model.channel_speed))
    return model


def batch_of(dataset, n):
    indices = np.random.default_rng(0).integers(len(dataset), size=n)
    images = dataset.images(indices).astype("f") / 255
    return tf.constant(images), tf.constant(dataset.factors_of(indices))


GAINS, LOG_NOISE = [0.5, 2.0, -1.5], [0.3, -1.0, -2.5]


def test_factors_are_standardised_over_the_data_set(squares):
    model = make(squares)
    f = model.standardised(squares.factors_of(np.arange(75))).numpy()
    np.testing.assert_allclose(f.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(f.std(axis=0), 1, rtol=1e-6)
    assert (np.diff(f[:5, 2]) > 0).all()  # The last factor is fastest.


def test_a_factor_of_one_value_is_zero():
    model = GroundTruthGenerator(image_shape=(16, 16, 1), factor_sizes=(1, 4))
    f = model.standardised(tf.constant([[0, 0], [0, 3]])).numpy()
    np.testing.assert_array_equal(f[:, 0], 0)
    np.testing.assert_allclose(f[:, 1], np.array([-1.5, 1.5]) / math.sqrt(1.25))


@pytest.mark.parametrize("channel_speed", [1.0, 10.0])
def test_kl_is_the_closed_form(squares, channel_speed):
    model = make(squares, channel_speed=channel_speed)
    with_channels(model, GAINS, LOG_NOISE)
    batch = batch_of(squares, 6)
    _, logs = model.generator_loss(batch, SEED, tf.constant(0))
    expected = np.zeros(3)
    for factors in batch[1].numpy():
        for i, (value, size) in enumerate(
            zip(factors, squares.factor_sizes, strict=True)
        ):
            deviation = math.sqrt((size**2 - 1) / 12)
            f = (value - (size - 1) / 2) / deviation
            a, s = GAINS[i], LOG_NOISE[i]
            kl = 0.5 * (a**2 * f**2 + math.exp(2 * s) - 2 * s - 1)
            expected[i] += kl / 6
    np.testing.assert_allclose(logs["kl_per_latent"], expected, rtol=1e-5)
    np.testing.assert_allclose(logs["rate"], expected.sum(), rtol=1e-5)


def test_kl_agrees_with_monte_carlo(squares):
    model = with_channels(make(squares), GAINS, LOG_NOISE)
    factors = batch_of(squares, 4)[1]
    posterior = model.channels(factors)
    codes = posterior.sample(200_000, seed=SEED)
    ratio = posterior.log_prob(codes) - model.prior.log_prob(codes)
    np.testing.assert_allclose(
        posterior.kl_divergence(model.prior), np.mean(ratio, axis=0), atol=0.02
    )


@pytest.mark.parametrize(
    ("step", "capacity"), [(0, 0.5), (25, 1.5), (50, 2.5), (99, 2.5)]
)
def test_loss_by_hand(squares, step, capacity):
    model = make(squares, gamma=7.0, c_max=2.5, capacity_steps=50)
    with_channels(model, GAINS, LOG_NOISE)
    images, factors = batch_of(squares, 6)
    loss, logs = model.generator_loss(
        (images, factors), SEED, tf.constant(step)
    )
    noise = tf.random.stateless_normal([6, 3], SEED).numpy()
    f = model.standardised(factors).numpy()
    codes = np.float32(GAINS) * f + np.exp(np.float32(LOG_NOISE)) * noise
    logits = model.decoder(codes).numpy().astype(np.float64)
    x = images.numpy()
    distortion = (np.logaddexp(0, logits) - x * logits).sum((1, 2, 3)).mean()
    np.testing.assert_allclose(logs["distortion"], distortion, rtol=1e-5)
    np.testing.assert_allclose(logs["capacity"], capacity, rtol=1e-6)
    expected = distortion + 7.0 * abs(logs["rate"] - capacity)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


@pytest.mark.parametrize("c_min", [0.0, 0.5, 6.0])
def test_starts_at_its_capacity_with_codes_of_unit_variance(squares, c_min):
    model = make(squares, c_min=c_min, channel_speed=10.0)
    posterior = model.channels(squares.factors_of(np.arange(75)))
    kl = posterior.kl_divergence(model.prior).numpy().mean(axis=0)
    np.testing.assert_allclose(kl, c_min / 3, atol=1e-6, rtol=1e-5)
    variance = np.var(posterior.mean(), 0) + posterior.variance().numpy()[0]
    np.testing.assert_allclose(variance, 1, rtol=1e-5)


def test_gradients_reach_the_decoder_and_the_channels_only(squares):
    model = make(squares)
    batch = batch_of(squares, 8)
    with tf.GradientTape() as tape:
        loss, _ = model.generator_loss(batch, SEED, tf.constant(0))
    (objective,) = model.objectives()
    gradients = tape.gradient(loss, [v.value for v in objective.variables])
    for variable, gradient in zip(objective.variables, gradients, strict=True):
        assert np.abs(gradient).max() > 0, variable.path
    own = {model.gains.path, model.log_noise.path}
    own |= {v.path for v in model.decoder.trainable_variables}
    assert {v.path for v in objective.variables} == own
    assert {v.path for v in model.variables} == own


def trained(dataset, steps, **hparams):
    model = make(dataset, c_max=6.0, gamma=20.0, **hparams)
    model.compile({"generator": keras.optimizers.Adam(3e-3)})
    history = model.fit(
        model.batches(dataset, batch_size=32, seed=0),
        epochs=steps,
        steps_per_epoch=1,
        shuffle=False,
        verbose=0,
    )
    return model, history.history


def test_loss_falls(squares):
    _, history = trained(squares, 50)
    losses = history["generator_loss"]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_the_rate_follows_the_capacity(squares):
    steps = {"capacity_steps": 100, "channel_speed": 10.0}
    _, history = trained(squares, 150, **steps)
    assert np.mean(history["rate"][-20:]) == pytest.approx(6.0, abs=0.4)
    # The position moves more pixels than the size.
    assert history["kl_per_latent"][-1].argmin() == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"strategy": "mirrored"},
        {"jit_compile": "on"},
        {"precision": "mixed_bfloat16"},
        {"gradient_accumulation": 2},
    ],
    ids=str,
)
def test_the_trainer_takes_it_in_every_way(squares, tmp_path, settings):
    config = ExperimentConfig(
        model="ground_truth_generator", steps=2, batch_size=8, **settings
    )
    model = train(config, squares, tmp_path)
    (record,) = read_log(tmp_path / "log.jsonl")
    assert len(record["kl_per_latent"]) == 3
    assert model.gains.numpy().std() > 0
    with pytest.raises(UsageError, match="does not take --factor_sizes"):
        ExperimentConfig(config.model, hparams={"factor_sizes": (3, 5)})


def test_config_rebuilds_the_model(squares):
    model = make(squares, seed=7, channel_speed=3.0, gamma=2.0)
    again = GroundTruthGenerator.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_encoder_is_refused_in_words(squares):
    with pytest.raises(UsageError, match="no encoder"):
        make(squares).encode(batch_of(squares, 2)[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gamma": -1.0}, "gamma is -1"),
        ({"c_min": -1.0}, "c_min is -1"),
        ({"c_min": 3.0, "c_max": 2.0}, "c_max is 2.*at least 3"),
        ({"capacity_steps": -1}, "capacity_steps is -1"),
        ({"channel_speed": 0.0}, "channel_speed is 0"),
        ({"num_latents": 10}, "num_latents is 10; it must be 3"),
    ],
)
def test_bad_arguments_are_named(squares, arguments, message):
    with pytest.raises(UsageError, match=message):
        make(squares, **arguments)
