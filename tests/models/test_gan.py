import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.losses import adversarial
from tfdisent.models.gan import GAN, spread
from tfdisent.models.gan_networks import GAN_ARCHITECTURES, make_gan_networks

SHAPE = (16, 16, 1)
SEED = tf.constant([3, 4])
# Of architectures for one size.
SHAPES = {"kulkarni_faces": (150, 150, 1)}


class PlainGAN(GAN):
    """Without a way to read codes."""

    encode = None


def make(**hparams):
    settings = {"num_latents": 3, "num_noise": 2, "architecture": "burgess"}
    return PlainGAN(image_shape=SHAPE, **settings | hparams)


@pytest.fixture
def images(squares):
    return tf.constant(squares.images(np.arange(0, 64, 8)) / 255, tf.float32)


def gradients(model, objective, images):
    """Of an objective's loss, by all variables: None if it moves none."""
    values = {v.path: v.value for v in model.trainable_variables}
    with tf.GradientTape() as tape:
        tape.watch(list(values.values()))
        loss, _ = objective.loss(images, SEED, tf.constant(0))
    return dict(
        zip(values, tape.gradient(loss, list(values.values())), strict=True)
    )


@pytest.mark.parametrize("name", ["discriminator", "generator"])
def test_each_objective_moves_its_own_variables_and_all_of_them(name, images):
    model = make(r1=1.0)
    objectives = {o.name: o for o in model.objectives()}
    found = gradients(model, objectives[name], images)
    for variable in objectives[name].variables:
        # A bias of the last layer moves no slope, but the logits.
        assert np.abs(found[variable.path]).max() > 0, variable.path
    if name == "discriminator":
        for variable in objectives["generator"].variables:
            assert found[variable.path] is None


def test_the_discriminator_sees_images_of_the_same_range(images):
    model = make()
    loss, logs = model.discriminator_loss(images, SEED, 0)
    true = model.logits(model.features(2 * images - 1))
    np.testing.assert_allclose(logs["real_logit"], tf.reduce_mean(true), 1e-5)
    made, _ = model.fakes(
        images, tf.random.experimental.stateless_fold_in(SEED, 0)
    )
    fake = model.logits(model.features(2 * made - 1))
    np.testing.assert_allclose(
        loss, adversarial.discriminator_loss(true, fake), rtol=1e-5
    )
    assert tf.reduce_min(made) >= 0 and tf.reduce_max(made) <= 1


def test_r1_is_weighed_and_of_true_images_alone(images):
    plain, _ = make().discriminator_loss(images, SEED, 0)
    loss, logs = make(r1=5.0).discriminator_loss(images, SEED, 0)
    model = make()
    x = 2 * images - 1
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(model.logits(model.features(x)))
    slope = tape.gradient(total, x).numpy()
    expected = np.mean(np.sum(slope**2, axis=(1, 2, 3)))
    np.testing.assert_allclose(logs["r1_penalty"], expected, rtol=1e-4)
    np.testing.assert_allclose(loss - plain, 5 * expected, rtol=1e-3)


def test_decode_has_no_noise_and_generate_has():
    model = make()
    codes = tf.random.stateless_normal([4, 3], SEED)
    decoded = model.decode(codes).mean()
    np.testing.assert_allclose(
        decoded, model.generate(codes, tf.zeros([4, 2])), atol=1e-6
    )
    other = model.generate(codes, tf.ones([4, 2]))
    assert np.abs(decoded - other).max() > 1e-4


def test_codes_and_noise_of_fakes_are_standard_normal_and_apart():
    model = make(num_latents=300)
    images = tf.zeros([100, *SHAPE])
    codes = model.draw_codes(images, SEED).numpy()
    assert codes.shape == (100, 300)
    assert abs(codes.mean()) < 0.03 and abs(codes.std() - 1) < 0.03
    _, first = model.fakes(images, SEED)
    _, again = model.fakes(images, SEED)
    _, other = model.fakes(images, SEED + 1)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_spread_is_zero_for_one_image_and_one_for_the_data(images):
    assert spread(tf.repeat(images[:1], 5, axis=0)) < 1e-6
    half = tf.constant([[[[0.0]]], [[[1.0]]]])
    np.testing.assert_allclose(spread(half), 0.5)
    model = make()
    for weights in model.generator.weights[-2:]:
        weights.assign(tf.zeros_like(weights))
    _, logs = model.discriminator_loss(images, SEED, 0)
    assert logs["relative_spread"] < 1e-3


def test_the_discriminator_learns_to_tell_and_the_generator_to_deceive(images):
    model = make(discriminator_rate=1e-3)
    model.compile(
        {o.name: keras.optimizers.Adam(1e-3) for o in model.objectives()}
    )
    first = model.train_step(images)
    model.enter(0)
    for _ in range(30):
        logs = model.train_step(images)
    assert logs["discriminator_loss"] < first["discriminator_loss"]
    assert logs["real_logit"] > logs["fake_logit"]


@pytest.mark.parametrize("name", GAN_ARCHITECTURES)
def test_networks_have_the_promised_shapes(name):
    shape = SHAPES.get(name, (32, 32, 3))
    generator, trunk = make_gan_networks(name, shape, 7, 0)
    assert generator.input_shape == (None, 7)
    assert generator.output_shape == (None, *shape)
    assert trunk.input_shape == (None, *shape)
    assert len(trunk.output_shape) == 2


def test_a_seed_makes_the_weights():
    networks = [make_gan_networks("resnet", SHAPE, 4, s)[0] for s in (0, 0, 1)]
    first, same, other = (n.get_weights()[0] for n in networks)
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_resnet_doubles_its_channels_up_to_512():
    _, trunk = make_gan_networks("resnet", (64, 64, 3), 4, 0)
    # 4 x 4 places of min(64 * 2^4, 512) channels.
    assert trunk.output_shape == (None, 4 * 4 * 512)


@pytest.mark.parametrize(
    ("hparams", "words"),
    [
        ({"num_noise": -1}, "num_noise"),
        ({"discriminator_rate": 0.0}, "discriminator_rate"),
        ({"r1": -1.0}, "r1"),
        ({"architecture": "vgg"}, "vgg.*resnet"),
        ({"image_shape": (30, 30, 1), "architecture": "resnet"}, "30x30"),
    ],
)
def test_wrong_values_are_refused(hparams, words):
    settings = {"image_shape": SHAPE, "num_latents": 3}
    with pytest.raises(UsageError, match=words):
        PlainGAN(**settings | hparams)


def test_training_prints_no_error_of_tensorflows_and_changes_no_option(capfd):
    model = make(architecture="lin", r1=1.0)
    model.compile({o.name: keras.optimizers.Adam() for o in model.objectives()})
    options = tf.config.optimizer.get_experimental_options()
    model.fit(np.zeros((8, *SHAPE), "f"), batch_size=8, verbose=0)
    assert "failed" not in capfd.readouterr().err
    after = tf.config.optimizer.get_experimental_options()
    assert after == {"remapping": True} | options
