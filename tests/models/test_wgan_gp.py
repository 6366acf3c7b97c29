import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models.base import fold_in
from tfdisent.models.wgan_gp import WGANGP
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.optimizers import compile_for

SHAPE = (8, 8, 1)
IMAGES = tf.constant(np.random.default_rng(0).random((6, *SHAPE)), tf.float32)
SEED, STEP = tf.constant([1, 2]), tf.constant(0)


def linear(image_shape, num_inputs, seed):
    """A critic whose slope is the same everywhere."""
    trunk = keras.Sequential([keras.Input(image_shape), keras.layers.Flatten()])
    generator = keras.Sequential(
        [
            keras.Input((num_inputs,)),
            keras.layers.Dense(
                math.prod(image_shape),
                kernel_initializer=keras.initializers.GlorotUniform(seed),
            ),
            keras.layers.Reshape(image_shape),
        ]
    )
    return generator, trunk


def make(**arguments):
    arguments = {"architecture": linear, "num_latents": 3} | arguments
    return WGANGP(image_shape=SHAPE, seed=5, **arguments)


def test_losses_by_hand():
    model = make(gradient_penalty=7.0, critic_steps=2)
    kernel, bias = model.head.get_weights()

    def score(images):
        return (2 * np.reshape(images, [-1, 64]) - 1) @ kernel[:, 0] + bias

    made, _ = model.fakes(IMAGES, fold_in(SEED, 0))
    penalty = (np.linalg.norm(kernel) - 1) ** 2
    loss, logs = model.discriminator_loss(IMAGES, SEED, STEP)
    expected = score(made).mean() - score(IMAGES).mean() + 7.0 * penalty
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    np.testing.assert_allclose(logs["gradient_penalty"], penalty, rtol=1e-4)
    made, _ = model.fakes(IMAGES[::2], fold_in(SEED, 0))
    loss, _ = model.generator_loss(IMAGES, SEED, STEP)
    np.testing.assert_allclose(loss, -score(made).mean(), rtol=1e-4)


def test_r1_is_added():
    kernel = make().head.get_weights()[0]
    losses = [
        make(r1=r1).discriminator_loss(IMAGES, SEED, STEP)[0]
        for r1 in (0.0, 2.0)
    ]
    np.testing.assert_allclose(
        losses[1] - losses[0], 2 * np.sum(kernel**2), rtol=1e-4
    )


def test_critic_makes_several_updates_a_step(squares):
    model = WGANGP.from_dataset(
        squares, architecture="burgess", critic_steps=3, num_latents=3
    )
    compile_for(model, ExperimentConfig(model="wgan_gp", optimizer="rmsprop"))
    (images,) = model.batches(squares, batch_size=8, seed=0).take(1)
    assert images.shape[0] == 24
    model.fit(
        model.batches(squares, batch_size=8, seed=0),
        steps_per_epoch=2,
        verbose=0,
    )
    counts = {k: int(o.iterations) for k, o in model.optimizers.items()}
    assert counts == {"discriminator": 6, "generator": 2}
    for adam in model.optimizers.values():
        assert isinstance(adam, keras.optimizers.Adam)
        assert (adam.beta_1, adam.beta_2) == (0.0, 0.9)


def test_critic_with_the_penalty_gets_a_slope_of_1(squares):
    model = WGANGP.from_dataset(
        squares, architecture=linear, critic_steps=1, num_latents=3
    )
    # Untold by the images, only the penalty is left.
    model.of_the_discriminator = lambda true, fake: 0 * true[0]
    model.head.kernel.assign(10 * model.head.kernel)
    model.compile(
        {o.name: keras.optimizers.Adam(0.05) for o in model.objectives()}
    )
    assert np.linalg.norm(model.head.kernel) > 2
    model.fit(
        model.batches(squares, batch_size=16, seed=0),
        steps_per_epoch=200,
        verbose=0,
    )
    np.testing.assert_allclose(np.linalg.norm(model.head.kernel), 1, atol=0.05)


def test_has_no_encoder():
    assert WGANGP.encode is None


@pytest.mark.parametrize("architecture", ["chen", "chen_2dshapes"])
def test_batch_normalisation_is_refused(architecture):
    with pytest.raises(UsageError, match=f"is {architecture}, .* burgess"):
        make(architecture=architecture)


def test_batches_must_fit_into_the_data(squares):
    with pytest.raises(UsageError, match="5 batches of 16 .* has 75, .* 15 or"):
        make().batches(squares, batch_size=16, seed=0)
    make().batches(squares, batch_size=15, seed=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gradient_penalty": -1.0}, "gradient_penalty is -1"),
        ({"critic_steps": 0}, "critic_steps is 0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        make(**arguments)
