import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models.dc_ign import DCIGN
from tfdisent.models.vae import VAE
from tfdisent.training.build import load_model
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.optimizers import compile_for
from tfdisent.training.trainer import train

SHAPE = (16, 16, 1)
RNG = np.random.default_rng(0)
IMAGES = tf.constant(RNG.integers(0, 2, (6, *SHAPE)).astype("f"))
SEED, STEP = tf.constant([1, 2]), tf.constant(0)
GROUPS = "x_position:2,scale"  # Of 4 latents; the last one is nobody's.
ACTIVE = {0: [True, True, False, False], 1: [False, False, True, False]}


def make(**arguments):
    arguments = {"groups": GROUPS, "num_latents": 4} | arguments
    return DCIGN(image_shape=SHAPE, seed=5, **arguments)


def batch_of(group):
    return IMAGES, tf.fill([6], tf.constant(group, tf.int64))


def log_variance(posterior):
    return 2 * np.log(posterior.scale)


@pytest.mark.parametrize("group", [0, 1])
@pytest.mark.parametrize("clamp", ["mean", "first"])
def test_loss_by_hand(group, clamp):
    model = make(clamp=clamp, invariance=3.0)
    posterior = model.encode(IMAGES)
    noise = tf.random.stateless_normal([6, 4], SEED).numpy()
    held = ~np.array(ACTIVE[group])
    values, distance = [], 0.0
    for value in (posterior.loc.numpy(), log_variance(posterior)):
        centre = value.mean(axis=0) if clamp == "mean" else value[0]
        distance += 0.5 * ((value - centre)[:, held] ** 2).sum(axis=1)
        values.append(np.where(held, centre, value))
    mean, variance = values[0], np.exp(values[1])
    kl = 0.5 * (mean**2 + variance - values[1] - 1)
    # The noise of a clamped latent is every image's own.
    likelihood = model.decode(mean + np.sqrt(variance) * noise)
    distortion = -likelihood.log_prob(IMAGES).numpy().mean()
    loss, logs = model.elbo_loss(batch_of(group), SEED, STEP)
    np.testing.assert_allclose(logs["distortion"], distortion, rtol=1e-5)
    np.testing.assert_allclose(logs["kl_per_latent"], kl.mean(0), rtol=1e-4)
    np.testing.assert_allclose(logs["rate"], kl.sum(1).mean(), rtol=1e-4)
    np.testing.assert_allclose(logs["spread"], distance.mean(), rtol=1e-4)
    expected = distortion + kl.sum(1).mean() + 3.0 * distance.mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def gradients_of_heads(model, group):
    """Of the means and log variances `[B, D]`."""
    outputs = model.encoder(IMAGES)
    mean, log_variance = tf.split(outputs, 2, axis=1)
    with tf.GradientTape() as tape:
        tape.watch([mean, log_variance])
        posterior = type(model.encode(IMAGES))(mean, tf.exp(0.5 * log_variance))
        model.encode = lambda images: posterior
        loss, _ = model.elbo_loss(batch_of(group), SEED, STEP)
    return (mean, log_variance), tape.gradient(loss, [mean, log_variance])


@pytest.mark.parametrize("group", [0, 1])
@pytest.mark.parametrize("invariance", [0.0, 3.0])
def test_clamped_latents_have_the_gradient_towards_the_mean_alone(
    group, invariance
):
    heads, gradients = gradients_of_heads(make(invariance=invariance), group)
    held = ~np.array(ACTIVE[group])
    for values, gradient in zip(heads, gradients, strict=True):
        distance = values.numpy() - values.numpy().mean(axis=0)
        np.testing.assert_allclose(
            gradient.numpy()[:, held],
            invariance * distance[:, held] / 6,
            rtol=1e-3,
            atol=1e-6,
        )
        assert (np.abs(gradient.numpy()[:, ~held]) > 1e-6).all()


def test_without_clamping_it_is_the_vae_exactly():
    expected, _ = VAE(image_shape=SHAPE, num_latents=4, seed=5).elbo_loss(
        IMAGES, SEED, STEP
    )
    for group in (0, 1):
        batch = batch_of(group)
        model = make(clamp="none", invariance=9.0)
        assert float(model.elbo_loss(batch, SEED, STEP)[0]) == float(expected)


def test_warm_up_weighs_the_rate():
    model = make(warmup_start=16.0, warmup_steps=10, invariance=2.0)
    loss, logs = model.elbo_loss(batch_of(0), SEED, tf.constant(5))
    expected = logs["distortion"] + 4.0 * logs["rate"] + 2.0 * logs["spread"]
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_batches_are_of_the_groups(squares):
    model = DCIGN.from_dataset(
        squares, groups="x_position+y_position:2,scale", ratios="1,3"
    )
    elements = model.batches(squares, batch_size=8, seed=0).take(400)
    groups = []
    for images, group in elements.as_numpy_iterator():
        groups.append(group[0])
        # The number of white pixels is that of the scale.
        sizes = np.unique(images.sum(axis=(1, 2, 3)))
        assert group[0] == 1 or len(sizes) == 1
    # Standard deviation 0.02.
    assert 0.67 < np.mean(groups) < 0.83


def test_each_factor_is_a_group_unless_given(squares):
    model = DCIGN.from_dataset(squares, num_latents=6)
    assert model.groups == "scale:*,x_position,y_position"
    owners = [
        np.flatnonzero(model.is_active(tf.constant([g]))[0]).tolist()
        for g in range(3)
    ]
    assert owners == [[0, 1, 2, 3], [4], [5]]
    assert model.get_config()["groups"] == model.groups


def test_optimizer_is_the_authors(squares):
    model = DCIGN.from_dataset(squares, num_latents=3, architecture="burgess")
    config = ExperimentConfig(
        model="dc_ign", optimizer="rmsprop", learning_rate=5e-4
    )
    compile_for(model, config)
    (adam,) = model.optimizers.values()
    assert isinstance(adam, keras.optimizers.Adam)
    assert (adam.beta_1, adam.beta_2) == (0.9, 0.99)
    assert float(adam.learning_rate) == pytest.approx(5e-4)


def test_a_batch_may_be_worked_off_in_parts(squares, tmp_path):
    config = ExperimentConfig(
        model="dc_ign",
        hparams={"num_latents": 4, "architecture": "burgess"},
        steps=3,
        batch_size=8,
        gradient_accumulation=2,
    )
    trained = train(config, squares, tmp_path)
    loaded, _ = load_model(config, squares, tmp_path)
    for a, b in zip(trained.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_positions_are_learned_each_by_its_latent(squares):
    model = DCIGN.from_dataset(
        squares, num_latents=3, architecture="burgess", invariance=1.0
    )
    model.compile({"vae": keras.optimizers.Adam(3e-3, beta_2=0.99)})
    batches = model.batches(squares, batch_size=32, seed=0)
    model.fit(batches, steps_per_epoch=500, verbose=0)
    images = squares.images(np.arange(75)).astype("f") / 255
    codes = model.encode(images).mean().numpy().reshape(3, 5, 5, 3)
    for k in (1, 2):  # The scale comes later.
        variances = codes.var(axis=k).mean(axis=(0, 1))
        assert variances[k] > 5 * np.delete(variances, k).max()


def test_images_alone_are_refused():
    model = make()
    model.compile({"vae": keras.optimizers.Adam(1e-3)})
    with pytest.raises(UsageError, match="dc_ign was given images alone"):
        model.fit(IMAGES.numpy(), batch_size=2, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": None}, "groups is not given"),
        ({"groups": "a:5"}, "needs 5 latents; num_latents is 4"),
        ({"clamp": "median"}, "clamp is 'median'; .* mean, first, none"),
        ({"invariance": -1.0}, "invariance is -1"),
        ({"ratios": "1,x"}, "ratios is '1,x'; it must be 2 numbers"),
        ({"ratios": "1"}, "ratios is '1'; it must be 2 numbers"),
        ({"ratios": "1,nan"}, "ratios is '1,nan'; it must be 2 numbers"),
        ({"ratios": "1,0"}, "ratios is '1,0'; it must be 2 numbers"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        make(**arguments)


def test_data_without_such_factors_is_refused(squares, monkeypatch):
    model = DCIGN.from_dataset(squares, groups="azimuth")
    with pytest.raises(UsageError, match="no factor 'azimuth'; it has scale"):
        model.batches(squares, batch_size=8, seed=0)
    monkeypatch.setattr(squares, "factor_names", ())
    with pytest.raises(UsageError, match="No factor of these images is known"):
        DCIGN.from_dataset(squares)
