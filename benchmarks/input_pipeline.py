"""Images per second of the input pipeline, beside what training consumes.

    python benchmarks/input_pipeline.py [--batch_size=64] [--consumption=N]

Without --consumption, a convolutional encoder and decoder are trained for
some steps on the same cores and timed. The pipeline is timed alone.
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
import os
import resource
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from absl import app, flags

from tfdisent.cli import data_flags
from tfdisent.data import pipeline

FLAGS = flags.FLAGS
data_flags.define_data_flags()
flags.DEFINE_integer("batch_size", 64, "Images per batch.")
flags.DEFINE_float("seconds", 5.0, "How long each part is timed.")
flags.DEFINE_float(
    "consumption", None, "Images/s that training takes; measured by default."
)


def _images_per_second(step) -> float:
    """Times calls of step(), each of one batch, after some to warm up."""
    for _ in range(5):
        step()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < FLAGS.seconds:
        step()
        steps += 1
    return steps * FLAGS.batch_size / (time.perf_counter() - start)


def _conv_train_step(images: tf.Tensor):
    """Returns a function that trains on one batch, forward and backward."""
    widths = (32, 32, 64, 64)
    conv = {"kernel_size": 4, "strides": 2, "padding": "same"}
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input(images.shape[1:])]
        + [layers.Conv2D(w, activation="relu", **conv) for w in widths]
        + [layers.Flatten(), layers.Dense(256, activation="relu")]
        + [layers.Dense(10), layers.Dense(256, activation="relu")]
        + [layers.Dense(1024, activation="relu"), layers.Reshape((4, 4, 64))]
        + [
            layers.Conv2DTranspose(w, activation="relu", **conv)
            for w in (64, 32, 32)
        ]
        + [layers.Conv2DTranspose(images.shape[-1], **conv)]
    )
    optimizer = keras.optimizers.Adam(5e-4)
    optimizer.build(model.trainable_variables)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(
                images, model(images)
            )
            loss = tf.reduce_sum(losses) / FLAGS.batch_size
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    return lambda: train().numpy()


def _resident_megabytes() -> float:
    """Returns the largest resident set of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(argv):
    del argv
    keras.layers.Dense(1)(tf.zeros((1, 1)))  # TensorFlow's own memory.
    before = _resident_megabytes()
    start = time.perf_counter()
    dataset = data_flags.dataset_from_flags()
    print(f"data set ready in {time.perf_counter() - start:.2f} s")
    batches = pipeline.training_batches(
        dataset, batch_size=FLAGS.batch_size, seed=0
    )
    iterator = iter(batches)
    supply = _images_per_second(lambda: next(iterator))
    memory = _resident_megabytes() - before
    images = next(iter(batches))
    consumption = FLAGS.consumption or _images_per_second(
        _conv_train_step(images)
    )
    print(f"pipeline     {supply:10,.0f} images/s at batch {FLAGS.batch_size}")
    print(f"conv model   {consumption:10,.0f} images/s")
    print(f"ratio        {supply / consumption:10.1f}")
    print(f"resident     {memory:10,.0f} MB above TensorFlow's {before:,.0f}")


if __name__ == "__main__":
    app.run(main)
