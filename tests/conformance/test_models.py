"""Every entry of MODELS through the same checks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.data.pipeline import training_batches
from tfdisent.models import MODELS

pytestmark = pytest.mark.parametrize("name", MODELS)


def make(name, dataset, **hparams):
    return MODELS[name].from_dataset(dataset, num_latents=3, **hparams)


def compiled(model, rate=1e-3, optimizer=keras.optimizers.Adam, **kwargs):
    model.compile(
        {objective.name: optimizer(rate) for objective in model.objectives()},
        **kwargs,
    )
    return model


def fit(model, dataset, steps, batch_size=32):
    batches = training_batches(dataset, batch_size=batch_size, seed=0)
    history = model.fit(
        batches, epochs=steps, steps_per_epoch=1, shuffle=False, verbose=0
    )
    return history.history


def test_loss_falls(name, squares):
    model = compiled(make(name, squares))
    history = fit(model, squares, 50)
    for objective in model.objectives():
        losses = history[f"{objective.name}_loss"]
        assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_shapes(name, squares):
    model = make(name, squares)
    images = squares.images(np.arange(6)).astype("f") / 255
    posterior = model.encode(images)
    assert posterior.sample(seed=[0, 0]).shape == (6, 3)
    decoded = model.decode(posterior.mean())
    assert decoded.mean().shape == images.shape
    assert decoded.log_prob(images).shape == (6,)


def test_config_rebuilds_the_model(name, squares):
    model = make(name, squares, seed=7)
    again = type(model).from_config(model.get_config())
    assert again.get_config() == model.get_config()
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_variable_is_moved_by_one_objective(name, squares):
    model = make(name, squares)
    moved = [v.path for o in model.objectives() for v in o.variables]
    assert sorted(moved) == sorted(v.path for v in model.trainable_variables)


def test_runs_under_xla(name, squares):
    model = compiled(make(name, squares), jit_compile=True)
    history = fit(model, squares, 3)
    assert np.isfinite(list(history.values())[0]).all()


def test_same_seed_same_weights(name, squares):
    weights = []
    for seed in (1, 1, 2):
        model = compiled(make(name, squares, seed=seed))
        fit(model, squares, 3)
        weights.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_replicas_stay_equal(name, squares, mirrored):
    with mirrored.scope():
        model = compiled(make(name, squares))
    batches = mirrored.distribute_datasets_from_function(
        lambda context: training_batches(
            squares, batch_size=32, seed=0, num_replicas=2
        )
    )
    model.fit(batches, steps_per_epoch=3, shuffle=False, verbose=0)
    for variable in model.trainable_variables:
        first, second = mirrored.experimental_local_results(variable.value)
        np.testing.assert_array_equal(first, second)


def noise_free(model):
    """The model with a loss that is a mean over images and has no noise."""

    def loss(images, seed, step):
        posterior = model.encode(images)
        distortion = -model.decode(posterior.mean()).log_prob(images)
        return tf.reduce_mean(distortion + model.rate(posterior)), {}

    first, *others = model.objectives()
    model.objectives = lambda: (first._replace(loss=loss), *others)
    return model


def test_two_replicas_of_16_take_the_step_of_one_of_32(name, squares, mirrored):
    one = noise_free(make(name, squares))
    compiled(one, 1e-4, keras.optimizers.SGD)
    batches = training_batches(squares, batch_size=32, seed=0)
    one.fit(batches, steps_per_epoch=1, shuffle=False, verbose=0)
    with mirrored.scope():
        two = noise_free(make(name, squares))
        compiled(two, 1e-4, keras.optimizers.SGD)
    before = two.get_weights()
    shares = mirrored.distribute_datasets_from_function(
        lambda context: training_batches(
            squares, batch_size=32, seed=0, num_replicas=2
        )
    )
    two.fit(shares, steps_per_epoch=1, shuffle=False, verbose=0)
    for a, b, c in zip(
        one.get_weights(), two.get_weights(), before, strict=True
    ):
        np.testing.assert_allclose(a - c, b - c, rtol=1e-3, atol=1e-7)
    assert any(
        np.abs(b - c).max() > 1e-5
        for b, c in zip(two.get_weights(), before, strict=True)
    )
