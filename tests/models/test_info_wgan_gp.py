import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models.base import fold_in
from tfdisent.models.info_wgan_gp import InfoWGANGP
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.optimizers import compile_for

SHAPE = (8, 8, 1)
IMAGES = tf.constant(np.random.default_rng(0).random((6, *SHAPE)), tf.float32)
SEED, STEP = tf.constant([1, 2]), tf.constant(0)


def make(**arguments):
    arguments = {"num_latents": 5, "categorical": "3"} | arguments
    return InfoWGANGP(
        image_shape=SHAPE,
        seed=5,
        **{"architecture": "mlp", "critic_steps": 2} | arguments,
    )


def test_losses_are_those_of_wgan_gp_less_the_information():
    with_it, without = make(information=2.0), make(information=0.0)
    loss, logs = with_it.discriminator_loss(IMAGES, SEED, STEP)
    _, plain = without.discriminator_loss(IMAGES, SEED, STEP)
    critic = plain["fake_logit"] - plain["real_logit"]
    expected = (
        critic + 10 * plain["gradient_penalty"] - 2 * plain["code_information"]
    )
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    assert logs["categorical_information"] == plain["categorical_information"]
    made, codes = with_it.fakes(IMAGES[::2], fold_in(SEED, 0))
    features = with_it.features(2 * made - 1)
    bound, _ = with_it.code_information(features, codes)
    loss, _ = with_it.generator_loss(IMAGES, SEED, STEP)
    other, _ = without.generator_loss(IMAGES, SEED, STEP)
    np.testing.assert_allclose(other - loss, 2 * bound, rtol=1e-4)


def test_optimizers_and_updates_are_those_of_wgan_gp(squares):
    model = make()
    compile_for(model, ExperimentConfig(model="info_wgan_gp"))
    for adam in model.optimizers.values():
        assert isinstance(adam, keras.optimizers.Adam)
        assert (adam.beta_1, adam.beta_2) == (0.0, 0.9)
    assert [o.updates for o in model.objectives()] == [2, 1]
    (images,) = model.batches(squares, batch_size=8, seed=0).take(1)
    assert images.shape[0] == 16


def test_reads_codes_from_images():
    posterior = make().encode(IMAGES)
    assert posterior.mean().shape == posterior.stddev().shape == (6, 5)


def test_takes_no_batch_normalisation():
    with pytest.raises(UsageError, match="batch normalisation in the critic"):
        make(architecture="chen")
