import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models.beta_vae import BetaVAE

SHAPE = (16, 16, 1)
IMAGES = tf.constant(
    np.random.default_rng(0).integers(0, 2, (8, *SHAPE)).astype("f")
)


def penalty_over_rate(**arguments):
    model = BetaVAE(image_shape=SHAPE, num_latents=4, **arguments)
    posterior = model.encode(IMAGES)
    penalty, _ = model.regularizer(posterior, None, None)
    return np.mean(penalty / model.rate(posterior))


def test_penalty_is_beta_times_the_rate():
    assert penalty_over_rate(beta=7.5) == pytest.approx(7.5)


def test_normalised_beta_is_over_pixels_and_latents():
    # 256 pixels, 4 latents: 0.125 * 256 / 4.
    assert penalty_over_rate(beta_norm=0.125) == pytest.approx(8.0)


def test_default_is_the_papers():
    assert penalty_over_rate() == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": -1.0}, "beta is -1"),
        ({"beta": float("inf")}, "beta is inf"),
        ({"beta_norm": -0.1}, "beta_norm is -0.1"),
        ({"beta": 4.0, "beta_norm": 0.01}, "give one of them"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        BetaVAE(image_shape=SHAPE, **arguments)
