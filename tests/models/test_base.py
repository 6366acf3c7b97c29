"""The one train step, on a model whose gradients are the batch itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.models import MODELS, replicas
from tfdisent.models.base import LatentModel, Objective
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.optimizers import compile_for, make_optimizer

START = np.array([1.0, 2.0], np.float32)


class Toy(LatentModel):
    """loss = mean_b x_b . w, so that its gradient is the batch's mean."""

    def __init__(self):
        super().__init__(image_shape=(2,))
        self.w = self.add_weight(shape=[2], name="w")
        self.w.assign(START)

    def objectives(self):
        def loss(batch, seed, step):
            values = tf.linalg.matvec(batch, self.w.value)
            return tf.reduce_mean(values), {"first": batch[0, 0]}

        return (Objective("toy", loss, [self.w]),)


def compiled(optimizer, **kwargs):
    model = Toy()
    model.compile({"toy": optimizer}, **kwargs)
    return model


def step(model, *batches):
    """One step; replica r gets the r-th batch."""
    elements = tf.data.Dataset.from_tensor_slices(
        np.array(batches, np.float32)
    ).repeat()
    strategy = model.distribute_strategy
    stream = strategy.distribute_datasets_from_function(lambda _: elements)
    history = model.fit(stream, steps_per_epoch=1, shuffle=False, verbose=0)
    return history.history


SGD = keras.optimizers.SGD


def test_step_follows_the_mean_gradient_of_all_replicas(mirrored):
    with mirrored.scope():
        model = compiled(SGD(1.0))
    logs = step(model, [[3.0, 0.0]] * 2, [[1.0, 8.0]] * 2)
    np.testing.assert_allclose(model.w, START - [2.0, 4.0])
    # So are the logs means over the replicas.
    assert logs["first"] == [2.0]
    np.testing.assert_allclose(logs["toy_loss"], [(3 + 17) / 2])
    assert int(model.step.numpy()) == 1


@pytest.mark.parametrize("largest", [1.0, 100.0])
def test_norm_of_the_whole_gradient_is_clipped(mirrored, largest):
    with mirrored.scope():
        model = compiled(SGD(1.0), clip_norm=largest)
    step(model, [[10.0, 8.0]], [[-4.0, 0.0]])
    gradient = np.array([3.0, 4.0])  # Of norm 5; of norms 12.8 and 4 before.
    expected = START - gradient * min(1.0, largest / 5.0)
    np.testing.assert_allclose(model.w, expected, rtol=1e-5)


@pytest.mark.parametrize("on_replicas", [False, True])
def test_moving_average_of_the_weights_by_hand(on_replicas, mirrored):
    strategy = mirrored if on_replicas else tf.distribute.get_strategy()
    with strategy.scope():
        model = compiled(SGD(1.0, use_ema=True, ema_momentum=0.75))
    average = None
    for gradient in ([1.0, 0.0], [0.0, 2.0], [3.0, 3.0]):
        step(model, [gradient], [gradient])
        weights = model.w.numpy()
        average = (
            weights if average is None else 0.75 * average + 0.25 * weights
        )
    model.optimizers["toy"].finalize_variable_values([model.w])
    np.testing.assert_allclose(model.w, average, rtol=1e-6)
    assert not np.allclose(average, weights)


@pytest.mark.parametrize("clip_norm", [None, 2.5])
@pytest.mark.parametrize("on_replicas", [False, True])
def test_scaled_loss_gives_the_same_step(on_replicas, clip_norm, mirrored):
    strategy = mirrored if on_replicas else tf.distribute.get_strategy()
    with strategy.scope():
        model = compiled(
            keras.optimizers.LossScaleOptimizer(SGD(1.0), 256.0),
            clip_norm=clip_norm,
        )
    step(model, [[3.0, 4.0]], [[3.0, 4.0]])
    factor = 1.0 if clip_norm is None else 0.5
    np.testing.assert_allclose(model.w, START - factor * np.array([3.0, 4.0]))


def test_step_that_overflows_on_one_replica_is_left_out_on_all(mirrored):
    with mirrored.scope():
        model = compiled(keras.optimizers.LossScaleOptimizer(SGD(1.0), 256.0))
    step(model, [[1.0, 1.0]], [[np.inf, 1.0]])
    for value in mirrored.experimental_local_results(model.w.value):
        np.testing.assert_array_equal(value, START)
    # The noise of the next step is another one all the same.
    assert int(model.step.numpy()) == 1
    step(model, [[1.0, 1.0]], [[1.0, 1.0]])
    np.testing.assert_allclose(model.w, START - 1.0)


def test_optimizers_are_made_as_asked():
    optimizer = make_optimizer(
        "adam", 1e-4, "constant", 10, ema_decay=0.9, beta_1=0.5
    )
    assert (optimizer.beta_1, optimizer.epsilon) == (0.5, 1e-8)
    assert optimizer.use_ema and optimizer.ema_momentum == 0.9
    scaled = make_optimizer("adam", 1e-4, "constant", 10, scale_loss=True)
    assert isinstance(scaled, keras.optimizers.LossScaleOptimizer)


def test_schedule_of_a_phase_is_over_the_steps_of_the_phase(squares):
    model = MODELS["beta_vae_dae"].from_dataset(squares, dae_steps=60)
    config = ExperimentConfig(
        model="beta_vae_dae",
        steps=100,
        learning_rate=1.0,
        learning_rate_schedule="last_quarter",
    )
    compile_for(model, config)
    rates = {
        name: optimizer._learning_rate  # Keras shows today's rate alone.
        for name, optimizer in model.optimizers.items()
    }
    np.testing.assert_allclose(
        [rates["vae"](n) for n in (0, 29, 30)], [1.0, 1.0, 0.2], rtol=1e-6
    )
    np.testing.assert_allclose(
        [rates["dae"](n) for n in (44, 45)], [1e-4, 2e-5], rtol=1e-6
    )


class Often(Toy):
    """loss = mean_b (x_b . w) w_0, over both tensors x of a batch."""

    def __init__(self, updates):
        super().__init__()
        self.updates = updates
        self.seeds = self.add_weight(
            shape=[2], initializer="zeros", trainable=False
        )

    def objectives(self):
        def loss(batch, seed, step):
            rows = tf.concat([batch["a"], batch["b"]], axis=0)
            self.seeds.assign_add(tf.cast(seed, tf.float32))
            value = tf.reduce_mean(tf.linalg.matvec(rows, self.w.value))
            return value * self.w[0], {"first": rows[0, 0], "seed": seed[0]}

        return (Objective("toy", loss, [self.w], updates=self.updates),)


ROWS = {
    name: np.random.default_rng(i).normal(size=(6, 2)).astype("f")
    for i, name in enumerate("ab")
}


def often(updates, **settings):
    model = Often(updates)
    model.compile({"toy": SGD(0.1)}, **settings)
    stream = tf.data.Dataset.from_tensors(ROWS).repeat()
    return model, model.fit(stream, steps_per_epoch=1, verbose=0).history


@pytest.mark.parametrize("updates", [1, 2, 3])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_updates_of_a_step_are_on_rows_of_their_own(updates, jit_compile):
    model, logs = often(updates, jit_compile=jit_compile)
    w = START.astype("f8")
    for j in range(updates):
        mean = np.concatenate([ROWS[k][j::updates] for k in "ab"]).mean(0)
        loss = mean @ w * w[0]
        w = w - 0.1 * (mean * w[0] + [mean @ w, 0])
    np.testing.assert_allclose(model.w, w, rtol=1e-5)
    # Of the last update; the step is one.
    assert logs["first"] == [ROWS["a"][updates - 1, 0]]
    np.testing.assert_allclose(logs["toy_loss"], [loss], rtol=1e-5)
    assert int(model.step.numpy()) == 1
    assert int(model.optimizers["toy"].iterations) == updates


def test_updates_of_a_step_have_seeds_of_their_own():
    summed = [often(updates)[0].seeds.numpy() for updates in (1, 2, 3)]
    second, third = summed[1] - summed[0], summed[2] - summed[1]
    # Seeds are large numbers, and their sums rounded.
    assert not np.allclose(second, third, rtol=1e-3)
    assert not np.allclose(second, summed[0], rtol=1e-3)


def test_updates_have_to_divide_the_batch():
    with pytest.raises(UsageError, match="6 images .* 4 updates of the toy"):
        often(4)


def test_schedule_counts_all_updates_of_a_step(squares):
    model = MODELS["wgan_gp"].from_dataset(
        squares, architecture="burgess", critic_steps=5
    )
    compile_for(
        model,
        ExperimentConfig(
            model="wgan_gp",
            steps=100,
            learning_rate=1.0,
            learning_rate_schedule="last_quarter",
        ),
    )
    critic = model.optimizers["discriminator"]._learning_rate
    generator = model.optimizers["generator"]._learning_rate
    np.testing.assert_allclose(
        [critic(n) / critic(0) for n in (374, 375)], [1.0, 0.2]
    )
    np.testing.assert_allclose([generator(n) for n in (74, 75)], [1.0, 0.2])


def test_xla_or_parts_and_talking_replicas_exclude_each_other(mirrored):
    settings = {"jit_compile": True, "global_statistics": True}
    compiled(SGD(1.0), **settings)
    with mirrored.scope(), pytest.raises(UsageError, match="jit_compile=off"):
        compiled(SGD(1.0), **settings)
    settings = {"gradient_accumulation": 2, "global_statistics": True}
    compiled(SGD(1.0), **settings)
    with mirrored.scope(), pytest.raises(UsageError, match="accumulation=1"):
        compiled(SGD(1.0), **settings)


def test_codes_of_all_replicas_are_gathered_with_their_gradient(mirrored):
    def of_replica(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            everyone = replicas.gather(x)
            value = tf.reduce_sum(everyone) ** 2
        return everyone, tape.gradient(value, x)

    values = mirrored.experimental_distribute_values_from_function(
        lambda context: (
            tf.constant([1.0, 2.0]) + 10.0 * context.replica_id_in_sync_group
        )
    )
    function = tf.function(lambda x: mirrored.run(of_replica, [x]))
    everyone, gradient = function(values)
    for part in mirrored.experimental_local_results(everyone):
        np.testing.assert_array_equal(part, [1, 2, 11, 12])
    # Both replicas' losses are 26^2; each moves with every code.
    for part in mirrored.experimental_local_results(gradient):
        np.testing.assert_allclose(part, [2 * 2 * 26.0] * 2)
