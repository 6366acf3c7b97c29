"""Do InfoGAN's images tell their class, and a plain GAN's less?

    python benchmarks/info_gan.py --out=runs/info_gan

Three seeds of InfoGAN and of its control, lambda = 0, on the 1,797 digits of
8x8 pixels that scikit-learn brings along, enlarged to 16x16: one code of 10
classes and two continuous ones. A run that is done is not trained again; the
table goes to OUT/table.md, the numbers behind it to OUT/numbers.json.
"""

import gc
import json
import pathlib

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from sklearn import datasets, metrics

from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.models.info_gan import InfoGAN
from tfdisent.models.info_gan_networks import chen
from tfdisent.models.layers import Layers
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.optimizers import compile_for

FLAGS = flags.FLAGS

LAMBDAS = (1.0, 0.0)
SIZE = 16
NUM_CODES = 5_000
LOG_EVERY = 50
# Of the categorical code; log 10 = 2.30 nats are possible.
CLAIMED = 2.0
SETTINGS = (
    "num_latents",
    "categorical",
    "num_noise",
    "fixed_stddev",
    "discriminator_rate",
)
CURVES = ("categorical_information", "relative_spread")


def load_digits() -> RowsDataset:
    """Scikit-learn's digits, bilinearly enlarged."""
    digits = datasets.load_digits()
    images = tf.image.resize(digits.images[..., None] / 16, [SIZE, SIZE])
    return RowsDataset(
        np.round(255 * images.numpy()).astype(np.uint8),
        digits.target[:, None],
        name="digits",
        provenance=f"scikit-learn's load_digits, enlarged to {SIZE}x{SIZE}",
        factor_names=("digit",),
    )


def networks(image_shape, num_inputs, seed):
    """The generator of InfoGAN's MNIST, and a smaller trunk.

    Without batch normalisation in its dense layer: with it, and true and
    generated images in batches of their own, D does not see what all images of
    a batch have in common, and images stay noise for 1,000 steps.
    """
    generator, _ = chen(image_shape, num_inputs, seed)
    layer = Layers(seed, first=100)
    trunk = keras.Sequential(
        [
            keras.Input(image_shape),
            layer.down(64, activation=None),
            keras.layers.LeakyReLU(0.1),
            layer.down(128, activation=None),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.LeakyReLU(0.1),
            keras.layers.Flatten(),
            layer.dense(256, None),
            keras.layers.LeakyReLU(0.1),
        ]
    )
    return generator, trunk


def measure(information: float, seed: int, dataset, out: pathlib.Path) -> dict:
    """Trains one run, unless that is done, and gives its numbers."""
    path = out / f"lambda{information:g}-seed{seed}.json"
    if path.exists():
        return json.loads(path.read_text())
    preset = InfoGAN.PRESETS["mnist"]
    model = InfoGAN.from_dataset(
        dataset,
        architecture=networks,
        information=information,
        seed=seed,
        **{k: preset[k] for k in SETTINGS},
    )
    config = ExperimentConfig(
        model="info_gan",
        steps=FLAGS.steps,
        learning_rate=preset["learning_rate"],
    )
    compile_for(model, config)
    logs = model.fit(
        model.batches(dataset, batch_size=config.batch_size, seed=seed),
        steps_per_epoch=LOG_EVERY,
        epochs=config.steps // LOG_EVERY,
        verbose=0,
    ).history
    numbers = {
        "lambda": information,
        "seed": seed,
        "steps": config.steps,
        **held_out(model, dataset),
        "curves": {key: logs[key] for key in CURVES},
    }
    path.write_text(json.dumps(numbers, indent=1) + "\n")
    return numbers


def held_out(model: InfoGAN, dataset: RowsDataset) -> dict:
    """Bounds on new images, and what Q's classes say of the true digits."""
    images, codes = model.fakes(tf.zeros([NUM_CODES, 1]), tf.constant([0, 0]))
    _, told = model.code_information(model.features(2 * images - 1), codes)
    rows = np.arange(len(dataset))
    true = tf.cast(dataset.images(rows), tf.float32) / 255
    classes = np.argmax(model.encode(true).mean()[:, -10:], axis=1)
    digits = dataset.factors_of(rows)[:, 0]
    return {
        **{key: float(value) for key, value in told.items()},
        "nmi_of_class_and_digit": float(
            metrics.normalized_mutual_info_score(digits, classes)
        ),
    }


def table(numbers: list[dict]) -> str:
    """The numbers of each run, and in how many seeds the claim holds."""
    keys = (
        "categorical_information",
        "continuous_information",
        "nmi_of_class_and_digit",
    )
    lines = [
        f"| lambda | seed | {' | '.join(keys)} |",
        "| --- " * (len(keys) + 2) + "|",
    ]
    for run in numbers:
        cells = [f"{run[key]:.2f}" for key in keys]
        lines.append(
            f"| {run['lambda']:g} | {run['seed']} | {' | '.join(cells)} |"
        )
    for value, word in ((LAMBDAS[0], "at least"), (LAMBDAS[1], "below")):
        runs = [run for run in numbers if run["lambda"] == value]
        reached = [run["categorical_information"] >= CLAIMED for run in runs]
        held = sum(r == (word == "at least") for r in reached)
        lines.append(
            f"\n* lambda {value:g}: categorical bound {word} {CLAIMED} of 2.30 "
            f"nats: {held} of {len(runs)} seeds"
        )
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> None:
    """Trains what is missing and writes the table."""
    del argv
    out = pathlib.Path(FLAGS.out)
    out.mkdir(parents=True, exist_ok=True)
    dataset = load_digits()
    numbers = []
    for information in LAMBDAS:
        for seed in FLAGS.seed:
            print("lambda", information, "seed", seed, flush=True)
            numbers.append(measure(information, seed, dataset, out))
            keras.backend.clear_session()
            gc.collect()
            (out / "numbers.json").write_text(json.dumps(numbers, indent=1))
            (out / "table.md").write_text(table(numbers))
    print(table(numbers))


if __name__ == "__main__":
    flags.DEFINE_string("out", "runs/info_gan", "Folder of the runs.")
    flags.DEFINE_integer("steps", 600, "Updates of each run.")
    flags.DEFINE_multi_integer("seed", [0, 1, 2], "Seeds.")
    app.run(main)
