import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfdisent.errors import UsageError
from tfdisent.models.code_maps import to_uniform
from tfdisent.models.info_gan import InfoGAN
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.optimizers import compile_for

SHAPE = (8, 8, 1)
RNG = np.random.default_rng(0)
IMAGES = tf.constant(RNG.random((6, *SHAPE)), tf.float32)
CODES = tf.constant(RNG.normal(size=(6, 7)), tf.float32)
SEED, STEP = tf.constant([1, 2]), tf.constant(0)


def networks(image_shape, num_inputs, seed):
    """Small and smooth."""
    trunk = keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(16, "tanh"),
        ]
    )
    generator = keras.Sequential(
        [
            keras.Input((num_inputs,)),
            keras.layers.Dense(math.prod(image_shape)),
            keras.layers.Reshape(image_shape),
        ]
    )
    keras.utils.set_random_seed(seed)
    for v in [*trunk.variables, *generator.variables]:
        v.assign(tf.random.normal(v.shape, stddev=0.2))
    return generator, trunk


def make(**arguments):
    defaults = {
        "architecture": networks,
        "num_latents": 7,
        "categorical": "3,2",
        "num_noise": 2,
    }
    return InfoGAN(image_shape=SHAPE, seed=5, **(defaults | arguments))


def test_latents_become_uniform_codes_then_classes():
    codes = make().generator_codes(CODES).numpy()
    np.testing.assert_allclose(
        codes[:, :2], 2 * stats.norm.cdf(CODES[:, :2]) - 1, atol=1e-6
    )
    for block in (slice(2, 5), slice(5, 7)):
        one_hot = np.eye(codes[:, block].shape[1])
        np.testing.assert_array_equal(
            codes[:, block], one_hot[CODES.numpy()[:, block].argmax(1)]
        )


def test_information_by_hand():
    model = make()
    features = model.features(2 * IMAGES - 1)
    total, logs = model.code_information(features, CODES)
    out = model.recognition(features).numpy()  # 2 means, logits, 2 scales.
    codes = model.generator_codes(CODES).numpy()
    stddev = 0.01 + np.log1p(np.exp(out[:, 7:]))
    continuous = stats.norm.logpdf(codes[:, :2], out[:, :2], stddev)
    continuous = (continuous + np.log(2)).sum(axis=1).mean()
    categorical = np.log(3) + np.log(2)
    for block in (slice(2, 5), slice(5, 7)):
        log_q = special.log_softmax(out[:, block], axis=1)
        categorical += (codes[:, block] * log_q).sum(axis=1).mean()
    np.testing.assert_allclose(
        logs["continuous_information"], continuous, rtol=1e-5
    )
    np.testing.assert_allclose(
        logs["categorical_information"], categorical, rtol=1e-4
    )
    np.testing.assert_allclose(total, continuous + categorical, rtol=1e-5)


def test_fixed_standard_deviation_is_1():
    posterior, _ = make(fixed_stddev=True).recognise(tf.ones([4, 16]))
    np.testing.assert_array_equal(posterior.stddev(), np.ones([4, 2]))


def loss_and_gradients(model, function, variables):
    values = [v.value for v in variables]
    with tf.GradientTape() as tape:
        loss, logs = function(IMAGES, SEED, STEP)
    return loss, logs, tape.gradient(loss, values)


@pytest.mark.parametrize("loss", ["discriminator_loss", "generator_loss"])
def test_information_is_taken_from_both_losses(loss):
    plain, one, three = (make(information=x) for x in (0.0, 1.0, 3.0))
    bounds = {}
    for model in (one, three):
        # Codes and noise are those of the loss.
        made, codes = model.fakes(
            IMAGES, tf.random.experimental.stateless_fold_in(SEED, 0)
        )
        features = model.features(2 * made - 1)
        bounds[model.information], _ = model.code_information(features, codes)
    np.testing.assert_allclose(bounds[1.0], bounds[3.0])
    values = [
        float(getattr(model, loss)(IMAGES, SEED, STEP)[0])
        for model in (plain, one, three)
    ]
    np.testing.assert_allclose(
        values[1] - values[2], 2 * bounds[1.0], rtol=1e-4
    )
    # A control's Q learns, in the discriminator's objective alone.
    expected = bounds[1.0] if loss == "generator_loss" else 0.0
    np.testing.assert_allclose(
        values[0] - values[1], expected, rtol=1e-4, atol=1e-5
    )


def test_control_learns_to_read_codes_and_moves_nothing_by_it():
    models = make(information=0.0), make(information=1.0)
    for function in ("discriminator_loss", "generator_loss"):
        gradients = []
        for model in models:
            variables = [
                *model.trunk.trainable_variables,
                *model.generator.trainable_variables,
                *model.recognition.trainable_variables,
            ]
            gradients.append(
                loss_and_gradients(model, getattr(model, function), variables)[
                    2
                ]
            )
        (trunk, _, generator, _, *q), with_information = (
            gradients[0],
            gradients[1],
        )
        # What a plain GAN's would be.
        plain = super(InfoGAN, models[0])
        original = models[0].discriminator_terms, models[0].generator_terms
        models[0].discriminator_terms = plain.discriminator_terms
        models[0].generator_terms = plain.generator_terms
        variables = [
            models[0].trunk.trainable_variables[0],
            models[0].generator.trainable_variables[0],
        ]
        without = loss_and_gradients(
            models[0], getattr(models[0], function), variables
        )[2]
        models[0].discriminator_terms, models[0].generator_terms = original
        np.testing.assert_array_equal(trunk, without[0])
        assert not np.allclose(with_information[0], trunk)
        if function == "generator_loss":
            np.testing.assert_array_equal(generator, without[1])
            assert not np.allclose(with_information[2], generator)
            assert q == [None] * 4
        else:
            assert generator is None
            for control, own in zip(q, with_information[4:], strict=True):
                np.testing.assert_allclose(control, own, rtol=1e-5)
                assert np.abs(control).max() > 0


def test_code_is_read_back_from_the_image():
    # Q sees the codes, and says them with little doubt.
    model = make(num_latents=5, categorical="3", num_noise=0)
    out = np.zeros((4, 7), "f")
    out[:, :2] = to_uniform(tf.constant([[-1.5, 0.5]]))
    out[:, 2:5] = [0, 30, 0]
    out[:, 5:] = -20
    model.recognition = lambda features: tf.constant(out)
    posterior = model.encode(IMAGES[:4])
    np.testing.assert_allclose(
        posterior.mean()[:, :2], [[-1.5, 0.5]] * 4, rtol=1e-4
    )
    largest = 1.5 / np.sqrt(np.pi)  # E[max] of three normals.
    np.testing.assert_allclose(
        posterior.mean()[:, 2:],
        [[-largest / 2, largest, -largest / 2]] * 4,
        rtol=1e-3,
    )
    # Stated doubt of 0.01 in c, times dz/dc.
    np.testing.assert_allclose(
        posterior.stddev()[:, :2],
        [0.01 / (2 * stats.norm.pdf([-1.5, 0.5]))] * 4,
        rtol=1e-3,
    )
    again = model.generator_codes(posterior.mean())
    np.testing.assert_allclose(again[:, 2:], [[0, 1, 0]] * 4)


def test_q_is_asked_about_the_trunk_s_features_of_the_image():
    model = make(categorical="")
    features = model.trunk(2 * IMAGES - 1)
    means = model.recognition(features)[:, :7]
    np.testing.assert_allclose(
        to_uniform(model.encode(IMAGES).mean()), means, atol=1e-5
    )


def test_q_moves_with_the_discriminator():
    model = make()
    discriminator, generator = (
        {v.path for v in objective.variables}
        for objective in model.objectives()
    )
    judges = (model.trunk, model.head, model.recognition)
    assert discriminator == {v.path for n in judges for v in n.variables}
    assert generator == {v.path for v in model.generator.variables}


def test_images_are_read_without_noise_and_seen_with_it():
    model = make(instance_noise=0.2)
    large = tf.ones([40, *SHAPE]) * 0.75
    noise = model.seen(large, SEED).numpy() - 0.5
    np.testing.assert_allclose(noise.std(), 0.2, rtol=0.05)
    np.testing.assert_allclose(noise.mean(), 0, atol=0.02)
    assert not np.allclose(noise, model.seen(large, SEED + 1) - 0.5)
    np.testing.assert_array_equal(
        model.encode(IMAGES).mean(),
        make(instance_noise=0.0).encode(IMAGES).mean(),
    )
    np.testing.assert_array_equal(make().seen(large, SEED), 2 * large - 1)


def normalised(image_shape, num_inputs, seed):
    """The small networks, with batch normalisation at the ends."""
    generator, trunk = networks(image_shape, num_inputs, seed)
    trunk.add(keras.layers.BatchNormalization(momentum=0.5))
    generator.add(keras.layers.BatchNormalization(momentum=0.5))
    return generator, trunk


def trained(squares, strategy=None, jit_compile="auto", **arguments):
    """3 steps on all replicas; of normalised networks unless told."""
    strategy = strategy or tf.distribute.get_strategy()
    arguments = {"architecture": normalised, "num_latents": 3} | arguments
    with strategy.scope():
        model = InfoGAN.from_dataset(squares, seed=1, **arguments)
        compile_for(
            model, ExperimentConfig(model="info_gan", jit_compile=jit_compile)
        )
    batches = strategy.distribute_datasets_from_function(
        lambda context: model.batches(
            squares,
            batch_size=16,
            seed=0,
            num_replicas=strategy.num_replicas_in_sync,
        )
    )
    model.fit(batches, steps_per_epoch=3, verbose=0)
    return model


def test_kernels_of_the_discriminator_are_kept_at_norm_1(squares, mirrored):
    model = trained(
        squares, mirrored, architecture=networks, spectral_norm=True
    )

    def norms(network):
        kernels = [v for v in network.trainable_variables if v.ndim > 1]
        return [
            np.linalg.norm(np.reshape(k, [-1, k.shape[-1]]), 2) for k in kernels
        ]

    kept = norms(model.trunk) + norms(model.head)
    assert all(0.999 < norm < 1.1 for norm in kept)
    for other in (model.generator, model.recognition):
        assert not any(0.999 < norm < 1.1 for norm in norms(other))
    for variable in model.trainable_variables:
        first, second = mirrored.experimental_local_results(variable.value)
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("on_replicas", [False, True])
def test_moving_averages_serve_after_training(on_replicas, squares, mirrored):
    model = (
        trained(squares, mirrored, jit_compile="on")
        if on_replicas
        else trained(squares)
    )
    averages = [v for v in model.non_trainable_variables if "moving" in v.path]
    assert len(averages) == 4
    assert all(not np.isin(v.numpy(), (0, 1)).all() for v in averages)
    before = [v.numpy() for v in averages]
    images = tf.cast(squares.images(np.arange(6)), tf.float32) / 255
    all_six = model.encode(images).mean()
    # Of an image, whatever stands beside it.
    np.testing.assert_allclose(
        model.encode(images[:2]).mean(), all_six[:2], atol=1e-5
    )
    decoded = model.decode(all_six).mean()
    np.testing.assert_allclose(
        model.decode(all_six[:2]).mean(), decoded[:2], atol=1e-5
    )
    for a, b in zip(before, averages, strict=True):
        np.testing.assert_array_equal(a, b)


def test_both_optimizers_are_adam_of_the_authors():
    model = make(discriminator_rate=3e-5)
    compile_for(
        model,
        ExperimentConfig(
            model="info_gan", optimizer="rmsprop", learning_rate=0.1
        ),
    )
    for name, rate in (("discriminator", 3e-5), ("generator", 0.1)):
        adam = model.optimizers[name]
        assert isinstance(adam, keras.optimizers.Adam)
        assert (adam.beta_1, adam.beta_2) == (0.5, 0.999)
        np.testing.assert_allclose(adam.learning_rate, rate)


def test_all_codes_may_be_of_one_kind():
    images = IMAGES
    for categorical, kind in (("7", "categorical"), ("", "continuous")):
        model = make(categorical=categorical)
        assert model.encode(images).mean().shape == (6, 7)
        _, logs = model.discriminator_loss(images, SEED, STEP)
        assert [k for k in logs if k.endswith("l_information")] == (
            ["categorical_information"] if categorical else []
        )
        np.testing.assert_array_equal(
            logs["code_information"], logs[f"{kind}_information"]
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"categorical": "ten"}, "categorical is 'ten'; .* commas"),
        ({"categorical": "4,1"}, "each at least 2"),
        ({"categorical": "4,4"}, "together at most num_latents, 7"),
        ({"information": -1.0}, "information is -1"),
        ({"instance_noise": -0.1}, "instance_noise is -0.1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        make(**arguments)
