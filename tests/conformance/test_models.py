"""Every entry of MODELS through the same checks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.export.saved_model import export_model
from tfdisent.models import MODELS
from tfdisent.training.build import load_model
from tfdisent.training.config import PRECISIONS, ExperimentConfig
from tfdisent.training.phases import phases
from tfdisent.training.trainer import train

pytestmark = pytest.mark.parametrize("name", MODELS)

TINY = {"num_latents": 3, "architecture": "burgess"}
# So that 10 steps go through all phases, and in little time.
SMALL = {
    "factor_vae": {"discriminator_width": 32, "discriminator_layers": 2},
    "beta_vae_dae": {"dae_steps": 3},
    "dc_ign": {"groups": "scale,x_position,y_position"},
    "info_gan": {"categorical": "2", "num_noise": 2},
    "info_wgan_gp": {"categorical": "2", "critic_steps": 2},
    "wgan_gp": {"critic_steps": 2},
}
# What learns from more than images.
NEED_FACTORS = ("dc_ign",)
# Models that build on another, by the argument that takes it.
BUILDS_ON = {"id_gan": "encoder"}


def make(name, dataset, **hparams):
    hparams = {**TINY, **SMALL.get(name, {}), **hparams}
    if name in BUILDS_ON:
        other = MODELS["vae"].from_dataset(dataset, **TINY)
        hparams = {BUILDS_ON[name]: other, **hparams}
    return MODELS[name].from_dataset(dataset, **hparams)


@pytest.fixture(scope="module")
def config_of(squares, tmp_path_factory):
    """Configurations of small runs, with another run where they need one."""
    workdir = tmp_path_factory.mktemp("vae")
    vae = ExperimentConfig(model="vae", hparams=TINY, steps=5, batch_size=16)
    train(vae, squares, workdir)

    def config(name, hparams=None, **fields):
        hparams = {**TINY, **SMALL.get(name, {}), **(hparams or {})}
        if name in BUILDS_ON:
            hparams[BUILDS_ON[name]] = str(workdir)
        return ExperimentConfig(
            model=name, hparams=hparams, batch_size=16, **fields
        )

    return config


def trained_weights(model):
    return [np.array(v) for v in model.trainable_variables]


def compiled(model, rate=1e-3, optimizer=keras.optimizers.Adam, **kwargs):
    model.compile(
        {objective.name: optimizer(rate) for objective in model.objectives()},
        **kwargs,
    )
    return model


def fit(model, dataset, steps, batch_size=32):
    """Trains through all phases, on all replicas; the losses by objective."""
    losses = {objective.name: [] for objective in model.objectives()}
    strategy = model.distribute_strategy
    for first, last in phases(model, 0, steps):
        model.enter(first)
        batches = strategy.distribute_datasets_from_function(
            lambda context, first=first: model.batches(
                dataset,
                batch_size=batch_size,
                seed=0,
                first_step=first,
                num_replicas=strategy.num_replicas_in_sync,
            )
        )
        history = model.fit(
            batches,
            epochs=last - first,
            steps_per_epoch=1,
            shuffle=False,
            verbose=0,
        ).history
        for key, values in losses.items():
            values += history.get(f"{key}_loss", [])
    return losses


def test_losses_fall(name, squares):
    """Of two that play against each other, that of the first to move."""
    losses = fit(compiled(make(name, squares)), squares, 50)
    assert all(np.isfinite(values).all() for values in losses.values())
    first = losses.get("vae", losses.get("discriminator"))
    if "wgan" in name:  # The score of the generated less that of the true.
        assert np.mean(first[-5:]) < 0
    else:
        assert np.mean(first[-5:]) < 0.8 * np.mean(first[:5])


def test_an_array_of_images_is_enough(name, squares):
    images = squares.images(np.arange(75)).astype("f") / 255
    model = compiled(make(name, squares))
    if name in NEED_FACTORS:
        with pytest.raises(UsageError, match=f"{name} was given images alone"):
            model.fit(images, batch_size=16, verbose=0)
        return
    before = model.get_weights()
    model.fit(images, batch_size=16, epochs=2, verbose=0)
    assert int(model.step.numpy()) == 2 * (75 // 16)
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(before, model.get_weights(), strict=True)
    )


def test_shapes(name, squares):
    model = make(name, squares)
    images = squares.images(np.arange(6)).astype("f") / 255
    codes = tf.zeros([6, 3])
    if model.encode:
        posterior = model.encode(images)
        assert posterior.sample(seed=[0, 0]).shape == (6, 3)
        codes = posterior.mean()
    decoded = model.decode(codes)
    assert decoded.mean().shape == images.shape
    assert decoded.log_prob(images).shape == (6,)


@pytest.mark.parametrize("shape", [(32, 32, 3), (64, 64, 1)])
def test_sizes_and_channels_of_the_papers(name, shape):
    size = {"dataset_size": 100} if name == "beta_tcvae" else {}
    hparams = {"num_latents": 3, **SMALL.get(name, {}), **size}
    if name in BUILDS_ON:
        other = MODELS["vae"](image_shape=shape, num_latents=3)
        hparams[BUILDS_ON[name]] = other
    model = MODELS[name](image_shape=shape, **hparams)
    assert model.decode(tf.zeros([2, 3])).mean().shape == (2, *shape)
    if model.encode:
        images = np.zeros((2, *shape), "f")
        assert model.encode(images).mean().shape == (2, 3)


def test_config_rebuilds_the_model(name, squares):
    model = make(name, squares, seed=7)
    again = type(model).from_config(model.get_config())
    assert again.get_config() == model.get_config()
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_checkpoint_and_export_give_the_model_again(
    name, squares, tmp_path, config_of
):
    config = config_of(name, steps=5)
    trained = train(config, squares, tmp_path)
    loaded, step = load_model(config, squares, tmp_path)
    assert step == 5
    for a, b in zip(trained.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    exported = tf.saved_model.load(export_model(loaded, tmp_path / "export"))
    codes = tf.random.stateless_normal([6, 3], [0, 1])
    answer = exported.signatures["decode"](codes=codes)
    np.testing.assert_allclose(
        answer["images"], loaded.decode(codes).mean(), atol=1e-5
    )
    if loaded.encode:
        images = squares.images(np.arange(6)).astype("f") / 255
        answer = exported.signatures["encode"](images=tf.constant(images))
        np.testing.assert_allclose(
            answer["mean"], loaded.encode(images).mean(), atol=1e-5
        )


def test_every_variable_is_moved_by_one_objective(name, squares):
    model = make(name, squares)
    moved = [v.path for o in model.objectives() for v in o.variables]
    assert sorted(moved) == sorted(v.path for v in model.trainable_variables)


def test_runs_under_xla_on_two_replicas(name, squares, mirrored):
    with mirrored.scope():
        model = compiled(make(name, squares), jit_compile=True)
    losses = fit(model, squares, 5)
    assert all(np.isfinite(values).all() for values in losses.values())
    assert_replicas_are_equal(model)


@pytest.mark.parametrize("precision", PRECISIONS[1:])
def test_runs_in_mixed_precision(name, precision, squares, tmp_path, config_of):
    # Float16 leaves out steps until it has found its scale.
    hparams = {"dae_steps": 10} if name == "beta_vae_dae" else None
    config = config_of(name, hparams, steps=20, precision=precision)
    model = train(config, squares, tmp_path)
    untrained = make(name, squares)
    assert {w.dtype for w in model.get_weights()} == {np.dtype("float32")}
    for a, b in zip(
        trained_weights(model), trained_weights(untrained), strict=True
    ):
        assert np.isfinite(a).all() and not np.array_equal(a, b)


def test_same_seed_same_weights(name, squares):
    def flat(model):
        return np.concatenate([w.ravel() for w in model.get_weights()])

    one, same, other = (make(name, squares, seed=s) for s in (1, 1, 2))
    assert not np.array_equal(flat(one), flat(other))
    for model in (one, same):
        fit(compiled(model), squares, 5)
    np.testing.assert_array_equal(flat(one), flat(same))


def assert_replicas_are_equal(model):
    strategy = model.distribute_strategy
    for variable in model.trainable_variables:
        first, second = strategy.experimental_local_results(variable.value)
        np.testing.assert_array_equal(first, second)


def no_noise(shape, *args, **kwargs):
    return tf.fill(shape, 0.5)


stateless_uniform = tf.random.stateless_uniform


def not_random(shape, seed, **kwargs):
    """Numbers in [0, 1) that depend on the last axes only."""
    if "dtype" in kwargs:  # The order of the images.
        return stateless_uniform(shape, seed, **kwargs)
    shape = [int(size) for size in shape]
    inner = shape[-3:]
    values = np.random.default_rng(0).random(inner, np.float32)
    return tf.broadcast_to(values, shape)


def test_two_replicas_of_16_take_the_step_of_one_of_32(
    name, squares, mirrored, monkeypatch
):
    monkeypatch.setattr(tf.random, "stateless_normal", no_noise)
    monkeypatch.setattr(tf.random, "stateless_uniform", not_random)
    one = compiled(make(name, squares), 1e-4, keras.optimizers.SGD)
    with mirrored.scope():
        two = compiled(
            make(name, squares),
            1e-4,
            keras.optimizers.SGD,
            global_statistics=True,
        )
    before = trained_weights(two)
    for model in (one, two):
        # Each phase once.
        for objective in model.objectives():
            model.enter(objective.start)
            fit_once(model, squares)
    assert_replicas_are_equal(two)
    for a, b, c in zip(
        trained_weights(one), trained_weights(two), before, strict=True
    ):
        scale = np.abs(a - c).max()
        # Of the weights themselves only so many digits are kept.
        rounding = np.finfo(np.float32).eps * np.abs(c).max()
        np.testing.assert_allclose(
            a - c, b - c, rtol=1e-3, atol=1e-3 * scale + rounding
        )
        assert scale > 0


def fit_once(model, dataset):
    strategy = model.distribute_strategy
    batches = strategy.distribute_datasets_from_function(
        lambda context: model.batches(
            dataset,
            batch_size=32,
            seed=0,
            num_replicas=strategy.num_replicas_in_sync,
        )
    )
    model.fit(batches, steps_per_epoch=1, shuffle=False, verbose=0)
