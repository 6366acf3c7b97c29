import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from checkpoint_state import state_of

from tfdisent.data.pipeline import training_batches
from tfdisent.errors import UsageError
from tfdisent.models.id_gan import IDGAN
from tfdisent.models.vae import VAE
from tfdisent.training import trainer
from tfdisent.training.build import load_model
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.trainer import train

SHAPE = (16, 16, 1)
SEED = tf.constant([3, 4])


def make_vae(**hparams):
    settings = {"num_latents": 3, "architecture": "burgess"}
    return VAE(image_shape=SHAPE, **settings | hparams)


def make(**hparams):
    settings = {"encoder": make_vae(), "architecture": "burgess"}
    return IDGAN(image_shape=SHAPE, **settings | hparams)


@pytest.fixture
def images(squares):
    return tf.constant(squares.images(np.arange(0, 64, 8)) / 255, tf.float32)


def terms(model, images, codes):
    made = model.generate(codes, tf.zeros([len(codes), model.num_noise]))
    return model.generator_terms(made, None, codes)


def test_information_is_the_log_density_of_the_given_codes(images):
    model = make(information=0.3)
    codes = tf.random.stateless_normal([8, 3], SEED)
    term, logs = terms(model, images, codes)
    made = model.decode(codes).mean()
    outputs = model.encoder.encoder(made).numpy().astype(np.float64)
    mean, log_variance = np.split(outputs, 2, axis=1)
    log_prob = -0.5 * (
        np.log(2 * np.pi)
        + log_variance
        + (codes.numpy() - mean) ** 2 / np.exp(log_variance)
    )
    expected = log_prob.sum(axis=1).mean()
    np.testing.assert_allclose(logs["code_log_prob"], expected, rtol=1e-5)
    np.testing.assert_allclose(term, -0.3 * expected, rtol=1e-5)


def test_codes_are_draws_of_the_posterior(images):
    model = make()
    posterior = model.encoder.encode(images)
    many = tf.repeat(images, 2000, axis=0)
    draws = np.reshape(model.draw_codes(many, SEED), (8, 2000, 3))
    stddev = posterior.stddev().numpy()
    error = np.abs(draws.mean(axis=1) - posterior.mean()) / stddev
    assert error.max() < 5 / np.sqrt(2000)
    np.testing.assert_allclose(draws.std(axis=1), stddev, rtol=0.1)


def test_the_generator_learns_through_the_encoder(images):
    model = make(information=1.0)
    codes = tf.random.stateless_normal([8, 3], SEED)
    with tf.GradientTape() as tape:
        term, _ = terms(model, images, codes)
    gradients = tape.gradient(
        term, [v.value for v in model.generator.trainable_variables]
    )
    assert all(np.abs(g).max() > 0 for g in gradients)


def test_no_objective_moves_the_encoder():
    model = make()
    frozen = {v.path for v in model.encoder.weights}
    moved = [v.path for o in model.objectives() for v in o.variables]
    assert not frozen & set(moved) and not model.encoder.trainable_variables


def test_training_leaves_the_encoder_as_it_was_bit_for_bit(squares):
    model = make(information=1.0, r1=1.0, num_noise=2)
    before = model.encoder.get_weights()
    generator = model.generator.get_weights()
    model.compile(
        {o.name: keras.optimizers.Adam(1e-2) for o in model.objectives()}
    )
    batches = training_batches(squares, batch_size=16, seed=0)
    model.fit(batches, steps_per_epoch=5, verbose=0)
    for a, b in zip(before, model.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(generator[0], model.generator.get_weights()[0])


def test_what_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="--encoder=W"):
        make(encoder=None)
    with pytest.raises(UsageError, match="num_latents is 5; the encoder has 3"):
        make(num_latents=5)
    with pytest.raises(UsageError, match=r"\(16, 16, 1\).*\(32, 32, 1\)"):
        IDGAN(image_shape=(32, 32, 1), encoder=make_vae())
    with pytest.raises(UsageError, match="information"):
        make(information=-1.0)
    assert make(num_latents=3).num_latents == 3


@pytest.fixture
def vae_run(squares, tmp_path):
    hparams = {"num_latents": 3, "architecture": "burgess"}
    config = ExperimentConfig(
        model="vae", hparams=hparams, steps=3, batch_size=16
    )
    train(config, squares, tmp_path / "vae")
    return tmp_path / "vae"


def config_on(path, **fields):
    hparams = {"encoder": str(path), "architecture": "burgess"}
    return ExperimentConfig(
        model="id_gan", hparams=hparams, steps=3, batch_size=16, **fields
    )


def test_a_run_builds_on_a_run(squares, vae_run, images, tmp_path):
    vae, _ = load_model(
        ExperimentConfig.load(vae_run / "config.json"), squares, vae_run
    )
    model = train(config_on(vae_run), squares, tmp_path / "gan")
    np.testing.assert_array_equal(
        model.encode(images).mean(), vae.encode(images).mean()
    )


def test_averages_of_the_generator_are_those_by_hand(
    squares, vae_run, tmp_path
):
    """After each of 3 steps: a <- 0.5 a + 0.5 w, from the first w on."""
    weights = []
    for steps in (1, 2, 3):
        config = config_on(vae_run)
        hparams = {"steps": steps}
        plain = ExperimentConfig(**{**vars(config), **hparams})
        model = train(plain, squares, tmp_path / f"plain{steps}")
        weights.append(model.generator.get_weights())
    averaged = train(
        config_on(vae_run, ema_decay=0.5), squares, tmp_path / "averaged"
    )
    for found, first, *others in zip(
        averaged.generator.get_weights(), *weights, strict=True
    ):
        average = first
        for value in others:
            average = 0.5 * average + 0.5 * value
        np.testing.assert_allclose(found, average, rtol=1e-5, atol=1e-6)


def test_a_run_that_is_not_trained_is_told_and_leaves_nothing(
    squares, tmp_path, vae_run
):
    half = tmp_path / "half"
    vae_run.rename(half)
    config = ExperimentConfig.load(half / "config.json")
    dataclasses.replace(config, steps=config.steps + 1).save(
        half / "config.json"
    )
    for path in (tmp_path / "nowhere", half):
        with pytest.raises(UsageError, match=f"its end, and {path} is none"):
            train(config_on(path), squares, tmp_path / "gan")
        assert not (tmp_path / "gan").exists()


def test_what_has_no_encoder_is_refused(squares, tmp_path):
    hparams = {"num_latents": 3, "architecture": "burgess", "critic_steps": 1}
    config = ExperimentConfig(
        model="wgan_gp", hparams=hparams, steps=1, batch_size=16
    )
    train(config, squares, tmp_path / "wgan")
    with pytest.raises(UsageError, match="encoder; .*wgan is of wgan_gp"):
        train(config_on(tmp_path / "wgan"), squares, tmp_path / "gan")


class Crash(Exception):
    pass


def test_a_run_that_was_broken_off_ends_with_the_same_state(
    squares, vae_run, tmp_path, monkeypatch
):
    hparams = {
        "encoder": str(vae_run),
        "architecture": "burgess",
        "num_noise": 2,
        "r1": 1.0,
    }
    config = ExperimentConfig(
        model="id_gan",
        hparams=hparams,
        steps=6,
        batch_size=16,
        ema_decay=0.5,
    )
    train(config, squares, tmp_path / "whole")

    class Crashing(trainer.Safekeeping):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            if self._step == 3:
                self._checkpoints.save(3)
            if self._step == 5:
                raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "Safekeeping", Crashing)
        with pytest.raises(Crash):
            train(config, squares, tmp_path / "broken")
    train(config, squares, tmp_path / "broken")
    whole, broken = (state_of(tmp_path / n) for n in ("whole", "broken"))
    kinds = {name.split("/")[0] for name in whole}
    assert kinds >= {
        *("weights", "step"),
        *("optimizer_generator", "optimizer_discriminator"),
    }
    assert whole.keys() == broken.keys()
    for name, value in whole.items():
        np.testing.assert_array_equal(value, broken[name], name)
