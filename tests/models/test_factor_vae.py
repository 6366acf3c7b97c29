import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.data.pipeline import training_batches
from tfdisent.errors import UsageError
from tfdisent.losses.density_ratio import density_ratio_tc
from tfdisent.models.factor_vae import FactorVAE
from tfdisent.models.vae import VAE
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.optimizers import compile_for

SHAPE = (16, 16, 1)
IMAGES = tf.constant(
    np.random.default_rng(0).integers(0, 2, (8, *SHAPE)).astype("f")
)
SEED, STEP = tf.constant([1, 2]), tf.constant(0)
TINY = {"discriminator_width": 16, "discriminator_layers": 2}


def make(**arguments):
    return FactorVAE(
        image_shape=SHAPE, num_latents=3, seed=5, **TINY, **arguments
    )


def networks(model):
    return model.encoder, model.decoder, model.discriminator


def gradients_of(model, loss):
    """Of a loss, for the variables of each of the three networks."""
    variables = [n.trainable_variables for n in networks(model)]
    with tf.GradientTape() as tape:
        value, _ = loss(IMAGES, SEED, STEP)
    return tape.gradient(value, variables)


def first_batch(model):
    return IMAGES[0::2] if model.second_batch else IMAGES


@pytest.mark.parametrize("second_batch", [True, False])
def test_no_weight_is_the_vae_exactly(second_batch):
    model = make(gamma=0.0, second_batch=second_batch)
    vae = VAE(image_shape=SHAPE, num_latents=3, seed=5)
    expected, _ = vae.elbo_loss(first_batch(model), SEED, STEP)
    loss, _ = model.elbo_loss(IMAGES, SEED, STEP)
    assert float(loss) == float(expected)


def test_total_correlation_is_the_difference_of_the_logits():
    model = make(gamma=20.0)
    posterior = model.encode(first_batch(model))
    codes = posterior.sample(seed=[3, 4])
    penalty, logs = model.regularizer(posterior, codes, STEP)
    logits = model.discriminator(codes).numpy()
    tc = logits[:, 0] - logits[:, 1]
    np.testing.assert_allclose(
        penalty, model.rate(posterior) + 20.0 * tc, rtol=1e-5
    )
    np.testing.assert_allclose(logs["total_correlation"], tc.mean(), rtol=1e-5)


def test_discriminator_loss_moves_neither_encoder_nor_decoder():
    model = make()
    encoder, decoder, own = gradients_of(model, model.discriminator_loss)
    assert encoder == [None] * len(encoder)
    assert decoder == [None] * len(decoder)
    assert all(np.abs(g).max() > 0 for g in own)


def test_total_correlation_moves_the_encoder():
    with_tc, without = (
        gradients_of(model, model.elbo_loss)
        for model in (make(gamma=50.0), make(gamma=0.0))
    )
    for a, b in zip(with_tc[0], without[0], strict=True):
        assert np.abs(a - b).max() > 1e-4
    for a, b in zip(with_tc[1], without[1], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("trained", "is_moved"),
    [("vae", [True, True, False]), ("discriminator", [False, False, True])],
)
def test_each_objective_moves_its_own_networks(squares, trained, is_moved):
    model = make(gamma=50.0)
    objectives = model.objectives()
    assert [o.name for o in objectives] == ["vae", "discriminator"]
    (only,) = (o for o in objectives if o.name == trained)
    model.objectives = lambda: (only,)
    model.compile({trained: keras.optimizers.Adam(1e-3)})
    before = [n.get_weights() for n in networks(model)]
    batches = model.batches(squares, batch_size=16, seed=0)
    model.fit(batches, steps_per_epoch=3, shuffle=False, verbose=0)
    for network, old, moved in zip(
        networks(model), before, is_moved, strict=True
    ):
        changes = [
            not np.array_equal(a, b)
            for a, b in zip(network.get_weights(), old, strict=True)
        ]
        assert changes == [moved] * len(changes)


def test_second_batch_is_of_other_images(squares):
    (images,) = make().batches(squares, batch_size=16, seed=0).take(1)
    assert images.shape == (32, *SHAPE)
    # The stream of a batch of 32: each image once in an epoch.
    (stream,) = training_batches(squares, batch_size=32, seed=0).take(1)
    np.testing.assert_array_equal(images, stream)
    assert len(np.unique(images.numpy().reshape(32, -1), axis=0)) == 32
    model = make(second_batch=False)
    (images,) = model.batches(squares, batch_size=16, seed=0).take(1)
    assert images.shape == (16, *SHAPE)


def test_vae_sees_the_even_images_and_the_permuted_codes_are_of_the_odd_ones():
    model = make()
    new = tf.constant(np.random.default_rng(1).random((8, *SHAPE)), tf.float32)
    is_odd = (tf.range(8) % 2 == 1)[:, None, None, None]
    other_odd = tf.where(is_odd, new, IMAGES)
    other_even = tf.where(is_odd, IMAGES, new)

    def loss(function, images):
        return float(function(images, SEED, STEP)[0])

    vae = loss(model.elbo_loss, IMAGES)
    assert loss(model.elbo_loss, other_odd) == vae
    assert loss(model.elbo_loss, other_even) != vae
    told = loss(model.discriminator_loss, IMAGES)
    assert loss(model.discriminator_loss, other_odd) != told
    assert loss(model.discriminator_loss, other_even) != told


def test_discriminator_has_an_optimizer_of_its_own():
    model = make(discriminator_rate=3e-5)
    config = ExperimentConfig(
        model="factor_vae", optimizer="rmsprop", learning_rate=0.1
    )
    compile_for(model, config)
    assert isinstance(model.optimizers["vae"], keras.optimizers.RMSprop)
    adam = model.optimizers["discriminator"]
    assert isinstance(adam, keras.optimizers.Adam)
    assert (adam.beta_1, adam.beta_2) == (0.5, 0.9)
    np.testing.assert_allclose(adam.learning_rate, 3e-5)
    np.testing.assert_allclose(model.optimizers["vae"].learning_rate, 0.1)


def pixels_are_codes(image_shape, num_latents, seed):
    """q(z|x) is x itself, with next to no noise."""
    encoder = keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(2 * num_latents),
        ]
    )
    kernel = np.eye(num_latents, 2 * num_latents)
    bias = np.repeat([0.0, -20.0], num_latents)
    encoder.layers[-1].set_weights([kernel, bias])
    decoder = keras.Sequential(
        [
            keras.Input((num_latents,)),
            keras.layers.Reshape(image_shape),
        ]
    )
    return encoder, decoder


def test_discriminator_finds_the_total_correlation_from_below():
    rho = 0.8
    factor = np.linalg.cholesky([[1, rho], [rho, 1]])
    noise = np.random.default_rng(0).normal(size=(300, 2048, 2))
    images = (noise @ factor.T)[:, :, None, None, :].astype("f")
    model = FactorVAE(
        image_shape=(1, 1, 2),
        num_latents=2,
        architecture=pixels_are_codes,
        discriminator_width=32,
        discriminator_layers=2,
    )
    discriminator = model.objectives()[1]
    model.objectives = lambda: (discriminator,)
    model.compile({"discriminator": keras.optimizers.Adam(2e-3)})
    held_out = np.random.default_rng(1).normal(size=(20_000, 2)) @ factor.T
    estimates = []
    for part in np.split(images, 6):
        batches = tf.data.Dataset.from_tensor_slices(part)
        model.fit(batches, shuffle=False, verbose=0)
        logits = model.discriminator(held_out.astype("f"))
        estimates.append(float(np.mean(density_ratio_tc(logits))))
    expected = -0.5 * np.log(1 - rho**2)  # 0.51 nats
    first, *later = estimates
    assert 0.3 * expected < first < min(later)
    assert 0.9 * expected < np.mean(later) < expected


def test_batch_that_cannot_be_permuted_is_refused():
    for model, images in (
        (make(), IMAGES[:2]),
        (make(second_batch=False), IMAGES[:1]),
    ):
        with pytest.raises(UsageError, match="a batch of 1; give at least 2"):
            model.discriminator_loss(images, SEED, STEP)


def test_second_batch_must_be_as_large_as_the_first(squares):
    with pytest.raises(
        UsageError, match="batches of 38 .* has 75, .* up to 37"
    ):
        make().batches(squares, batch_size=38, seed=0)
    make().batches(squares, batch_size=37, seed=0)
    make(second_batch=False).batches(squares, batch_size=75, seed=0)
    for loss in (make().elbo_loss, make().discriminator_loss):
        with pytest.raises(UsageError, match="7 images .* a multiple"):
            loss(IMAGES[:7], SEED, STEP)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gamma": -1.0}, "gamma is -1"),
        ({"discriminator_width": 0}, "discriminator_width is 0"),
        ({"discriminator_layers": 0}, "discriminator_layers is 0"),
        ({"discriminator_rate": 0.0}, "discriminator_rate is 0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        FactorVAE(image_shape=SHAPE, **{**TINY, **arguments})
