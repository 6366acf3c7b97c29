import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.losses.rate import rate
from tfdisent.models.beta_vae_dae import BetaVAEDAE, with_holes
from tfdisent.training import trainer
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.trainer import train

SHAPE = (16, 16, 1)
IMAGES = tf.constant(
    np.random.default_rng(0).uniform(0.1, 1, (8, *SHAPE)).astype("f")
)
SEED, STEP = tf.constant([1, 2]), tf.constant(0)
SPACES = pytest.mark.parametrize("space", ["features", "pixels"])


def make(**arguments):
    return BetaVAEDAE(
        image_shape=SHAPE,
        num_latents=3,
        num_features=7,
        seed=5,
        dae_steps=5,
        **arguments,
    )


def rectangle(mask):
    """The smallest one around what is set in a mask `[H, W]`, as a mask."""
    rows, columns = mask.any(axis=1), mask.any(axis=0)
    around = np.zeros_like(mask)
    top, left = rows.argmax(), columns.argmax()
    bottom, right = 16 - rows[::-1].argmax(), 16 - columns[::-1].argmax()
    around[top:bottom, left:right] = mask.any()
    return around


def test_holes_are_one_rectangle_and_the_rest_is_untouched():
    images = np.random.default_rng(0).uniform(0.1, 1, (200, 16, 16, 3))
    given = np.asarray(with_holes(tf.constant(images, tf.float32), SEED))
    is_hole = (given == 0).any(axis=3)  # [200, 16, 16]
    np.testing.assert_array_equal((given == 0).all(axis=3), is_hole)
    np.testing.assert_array_equal(
        given, np.where(is_hole[..., None], 0, images).astype("f")
    )
    for mask in is_hole:
        np.testing.assert_array_equal(mask, rectangle(mask))
    # An eighth of the rectangles is too thin to hold the centre of a pixel.
    assert len(np.unique(is_hole, axis=0)) > 165


def test_holes_are_a_function_of_the_seed():
    first, again, other = (
        with_holes(IMAGES, tf.constant(seed)).numpy()
        for seed in ([1, 2], [1, 2], [1, 3])
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2, 3)).all()


def test_corners_of_holes_are_uniform():
    # A centre c lies between two uniform numbers with probability 2 c (1 - c),
    # and rows and columns are drawn apart. Their mean is close to 1 / 9.
    given = with_holes(tf.ones([20_000, 16, 8, 1]), SEED).numpy()
    share = (given[..., 0] == 0).mean(axis=0)  # [16, 8]
    y, x = ((np.arange(n) + 0.5) / n for n in (16, 8))
    expected = np.outer(2 * y * (1 - y), 2 * x * (1 - x))
    np.testing.assert_allclose(share, expected, atol=0.02)
    assert share.mean() == pytest.approx(1 / 9, rel=0.03)


def test_dae_loss_is_half_the_squared_error_of_the_filled_hole():
    model = make()
    # The first weights make next to the same image of everything.
    for network in (model.dae_encoder, model.dae_decoder):
        network.set_weights([3 * w for w in network.get_weights()])
    loss, _ = model.dae_loss(IMAGES, SEED, STEP)
    damaged = with_holes(IMAGES, SEED)
    filled = model.dae_decoder(model.dae_encoder(damaged)).numpy()
    expected = np.mean(
        [0.5 * np.sum((IMAGES[i] - filled[i]) ** 2) for i in range(8)]
    )
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


@SPACES
@pytest.mark.parametrize("likelihood", ["bernoulli", "calibrated_gaussian"])
def test_mismatch_is_half_the_squared_distance_of_what_the_dae_sees(
    space, likelihood
):
    model = make(space=space, likelihood=likelihood)
    codes = model.encode(IMAGES).sample(seed=[3, 4])
    decoded = model.decoder(codes)
    if likelihood == "bernoulli":
        decoded = tf.sigmoid(decoded)
    seen = []
    for images in (IMAGES, decoded):
        features = model.dae_encoder(images)
        if space == "pixels":
            features = model.dae_decoder(features)
        seen.append(features.numpy().reshape(8, -1))
    assert seen[0].shape == (8, 7 if space == "features" else 256)
    expected = 0.5 * ((seen[0] - seen[1]) ** 2).sum(axis=1)
    np.testing.assert_allclose(
        model.mismatch(IMAGES, model.decode(codes, IMAGES), None),
        expected,
        rtol=1e-4,
    )


@pytest.mark.parametrize("beta", [0.0, 53.0])
def test_loss_is_the_feature_distance_and_beta_times_the_rate(beta):
    model = make(beta=beta)
    loss, logs = model.elbo_loss(IMAGES, SEED, STEP)
    posterior = model.encode(IMAGES)
    kl = np.mean(rate(posterior, model.prior))
    assert kl > 0.1
    noise = tf.random.stateless_normal(posterior.loc.shape, SEED)
    likelihood = model.decode(posterior.loc + posterior.scale * noise)
    distance = np.mean(model.mismatch(IMAGES, likelihood, None))
    np.testing.assert_allclose(loss, distance + beta * kl, rtol=1e-5)
    # The log has the nats of the pixels, as that of every model.
    np.testing.assert_allclose(
        logs["distortion"], -np.mean(likelihood.log_prob(IMAGES)), rtol=1e-5
    )


@SPACES
def test_each_loss_moves_its_own_networks(space):
    # In the space of the features the second half of the DAE has no part.
    model = make(space=space)
    vae, dae = (
        network.trainable_variables
        for network in (model.encoder, model.dae_encoder)
    )
    by_name = {o.name: o for o in model.objectives()}
    for name, variables in (
        ("vae", vae + model.decoder.trainable_variables),
        ("dae", dae + model.dae_decoder.trainable_variables),
    ):
        objective = by_name[name]
        paths = [v.path for v in objective.variables]
        assert paths == [v.path for v in variables]
        with tf.GradientTape() as tape:
            loss, _ = objective.loss(IMAGES, SEED, STEP)
        gradients = tape.gradient(loss, objective.variables)
        assert all(np.abs(g).max() > 0 for g in gradients)


def make_config(**changes):
    settings = {
        "model": "beta_vae_dae",
        "hparams": {"num_latents": 3, "num_features": 7, "dae_steps": 5},
        "steps": 10,
        "batch_size": 16,
        **changes,
    }
    return ExperimentConfig(**settings)


def weights_of(model):
    """Of the DAE and of the VAE."""
    return [
        [w for network in networks for w in network.get_weights()]
        for networks in (
            (model.dae_encoder, model.dae_decoder),
            (model.encoder, model.decoder),
        )
    ]


def changed(before, after):
    return [
        not np.array_equal(a, b) for a, b in zip(before, after, strict=True)
    ]


@SPACES
def test_dae_learns_first_and_then_stays_as_it_is(
    squares, tmp_path, monkeypatch, space
):
    states = []

    class Watching(trainer.Safekeeping):
        def on_train_begin(self, logs=None):
            super().on_train_begin(logs)
            states.append((self._step, *weights_of(self.model)))

    monkeypatch.setattr(trainer, "Safekeeping", Watching)
    config = make_config()
    config.hparams["space"] = space
    trained = train(config, squares, tmp_path)
    (first, dae, vae), (second, dae_at_5, vae_at_5) = states
    assert (first, second) == (0, 5)
    assert all(changed(dae, dae_at_5))
    assert not any(changed(vae, vae_at_5))
    dae_at_10, vae_at_10 = weights_of(trained)
    assert not any(changed(dae_at_5, dae_at_10))
    assert all(changed(vae_at_5, vae_at_10))


def test_warm_up_starts_with_the_vae(squares):
    model = make(warmup_start=16.0, warmup_steps=10)
    model.compile(
        {"dae": keras.optimizers.Adam(), "vae": keras.optimizers.Adam()}
    )
    batches = model.batches(squares, batch_size=16, seed=0)
    logs = []
    for start, steps in ((0, 5), (5, 6)):
        model.enter(start)
        history = model.fit(
            batches, epochs=steps, steps_per_epoch=1, shuffle=False, verbose=0
        ).history
        logs.append(history)
    assert list(logs[0]) == ["dae_loss"]
    assert "dae_loss" not in logs[1]
    weights = logs[1]["regularizer_weight"]
    np.testing.assert_allclose(
        weights, [16.0 ** (1 - t / 10) for t in range(6)], rtol=1e-5
    )


class Crash(Exception):
    pass


def test_run_resumed_in_both_phases_and_between_ends_with_the_same_bits(
    squares, tmp_path, monkeypatch
):
    whole = train(make_config(), squares, tmp_path / "whole")
    for stop in (3, 5, 7):

        class Crashing(trainer.Safekeeping):
            def on_train_batch_end(self, batch, logs=None, stop=stop):
                super().on_train_batch_end(batch, logs)
                if self._step == stop:
                    self._checkpoints.save(stop)
                    raise Crash

        with monkeypatch.context() as patch:
            patch.setattr(trainer, "Safekeeping", Crashing)
            with pytest.raises(Crash):
                train(make_config(), squares, tmp_path / "resumed")
    resumed = train(make_config(), squares, tmp_path / "resumed")
    for a, b in zip(weights_of(whole), weights_of(resumed), strict=True):
        assert not any(changed(a, b))


@pytest.mark.parametrize("steps", [3, 5])
def test_run_that_ends_with_the_dae_is_refused(squares, tmp_path, steps):
    with pytest.raises(
        UsageError, match=rf"vae starts at step 5, .* has {steps} steps"
    ):
        train(make_config(steps=steps), squares, tmp_path)
    assert not (tmp_path / "config.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dae_steps": 0}, "dae_steps is 0"),
        ({"dae_rate": -1e-3}, "dae_rate is -0.001"),
        ({"num_features": 0}, "num_features is 0"),
        ({"space": "codes"}, "'codes'.*features, pixels"),
        ({"beta": -1.0}, "beta is -1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        BetaVAEDAE(image_shape=SHAPE, **arguments)
