import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models.beta_vae import BetaVAE

SHAPE = (16, 16, 1)
IMAGES = tf.constant(
    np.random.default_rng(0).integers(0, 2, (8, *SHAPE)).astype("f")
)


def penalty_over_rate(step=0, **arguments):
    model = BetaVAE(image_shape=SHAPE, num_latents=4, **arguments)
    posterior = model.encode(IMAGES)
    penalty, _ = model.regularizer(posterior, None, tf.constant(step))
    return np.mean(penalty / model.rate(posterior))


def test_penalty_is_beta_times_the_rate():
    assert penalty_over_rate(beta=7.5) == pytest.approx(7.5)


def test_normalised_beta_is_over_pixels_and_latents():
    # 256 pixels, 4 latents: 0.125 * 256 / 4.
    assert penalty_over_rate(beta_norm=0.125) == pytest.approx(8.0)


def test_default_is_the_papers():
    assert penalty_over_rate() == pytest.approx(4.0)


@pytest.mark.parametrize(("step", "weight"), [(0, 0.6), (4, 3.0), (99, 6.0)])
def test_warm_up_rises_to_beta(step, weight):
    given = penalty_over_rate(step, beta=6.0, warmup_steps=10)
    assert given == pytest.approx(weight)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": -1.0}, "beta is -1"),
        ({"beta": float("inf")}, "beta is inf"),
        ({"beta_norm": -0.1}, "beta_norm is -0.1"),
        ({"beta": 4.0, "beta_norm": 0.01}, "give one of them"),
        ({"warmup_steps": -5}, "warmup_steps is -5"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        BetaVAE(image_shape=SHAPE, **arguments)
