import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models.capacity_vae import CapacityVAE
from tfdisent.models.vae import VAE

SHAPE = (16, 16, 1)
IMAGES = tf.constant(
    np.random.default_rng(0).integers(0, 2, (8, *SHAPE)).astype("f")
)
SEED = tf.constant([1, 2])


def make(model=CapacityVAE, **arguments):
    return model(image_shape=SHAPE, num_latents=3, seed=5, **arguments)


def rates(model):
    """KL to N(0, 1) of each image, from the encoder's outputs."""
    outputs = model.encoder(IMAGES).numpy().astype(np.float64)
    mean, log_variance = np.split(outputs, 2, axis=1)
    return 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1).sum(1)


@pytest.mark.parametrize(
    ("step", "capacity"),
    [(0, 1.0), (1, 1.24), (50, 13.0), (100, 25.0), (5000, 25.0)],
)
def test_capacity_grows_linearly(step, capacity):
    model = make(c_min=1.0, c_max=25.0, capacity_steps=100)
    _, logs = model.elbo_loss(IMAGES, SEED, tf.constant(step))
    np.testing.assert_allclose(logs["capacity"], capacity, rtol=1e-6)


@pytest.mark.parametrize("reading", ["batch", "image"])
@pytest.mark.parametrize("where", ["below", "among", "above"])
def test_loss_is_the_distortion_and_the_distance(reading, where):
    kl = rates(make())
    c_max = {"below": 0.0, "among": np.median(kl), "above": 2 * kl.max()}[where]
    model = make(
        gamma=30.0, c_max=float(c_max), capacity_steps=0, reading=reading
    )
    loss, logs = model.elbo_loss(IMAGES, SEED, tf.constant(0))
    distance = {
        "batch": abs(kl.mean() - c_max),
        "image": abs(kl - c_max).mean(),
    }[reading]
    expected = float(logs["distortion"]) + 30.0 * distance
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_mean_over_the_batch_is_the_default():
    kl = rates(make())
    model = make(gamma=1e5, c_max=float(kl.mean()), capacity_steps=0)
    penalty, _ = model.regularizer(model.encode(IMAGES), None, tf.constant(0))
    assert float(penalty) < 1.0


def test_no_weight_leaves_the_distortion_of_the_vae_exactly():
    loss, _ = make(gamma=0.0).elbo_loss(IMAGES, SEED, tf.constant(7))
    _, logs = make(VAE).elbo_loss(IMAGES, SEED, tf.constant(7))
    assert float(loss) == float(logs["distortion"])


def test_training_raises_the_rate_to_the_capacity_and_logs_it(squares):
    model = make(gamma=100.0, c_max=4.0, capacity_steps=50)
    model.compile({"vae": keras.optimizers.Adam(2e-3)})
    history = model.fit(
        model.batches(squares, batch_size=16, seed=0),
        epochs=100,
        steps_per_epoch=1,
        shuffle=False,
        verbose=0,
    ).history
    # Updates before the step: 0, 1, 25, 50, 99.
    np.testing.assert_allclose(
        [history["capacity"][step] for step in (0, 1, 25, 50, 99)],
        [0.0, 0.08, 2.0, 4.0, 4.0],
        rtol=1e-5,
    )
    assert abs(np.mean(history["rate"][-10:]) - 4.0) < 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"c_min": 5.0, "c_max": 4.0}, "c_max is 4; .* at least 5"),
        ({"c_min": -1.0}, "c_min is -1"),
        ({"c_max": float("inf")}, "c_max is inf"),
        ({"gamma": -1.0}, "gamma is -1"),
        ({"gamma": float("nan")}, "gamma is nan"),
        ({"capacity_steps": -1}, "capacity_steps is -1"),
        ({"reading": "sample"}, "'sample'.*batch, image"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        make(**arguments)
