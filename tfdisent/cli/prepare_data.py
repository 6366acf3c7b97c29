r"""Prepares a data set, checks it, shows it and says what it holds.

    bin/prepare_data --dataset=list
    bin/prepare_data --dataset=shapes3d
    bin/prepare_data --dataset=cifar10 --data_file=cifar-10-python.tar.gz
    bin/prepare_data --dataset=folder:photos --image_size=64
    bin/prepare_data --dataset=dsprites --tfds_data_dir=DIR

A contact sheet with a row for each factor, the mean image and the counts go
into --output. With --tfds_data_dir drawn images are written there as a data set
of TensorFlow Datasets, unless TFDS has one there, which is read; so that in any
program this works:

    tfds.load("dsprites", data_dir=DIR, download=False)
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
import json
import pathlib

import numpy as np
from absl import flags

from tfdisent.cli import data_flags
from tfdisent.cli import main as cli_main
from tfdisent.cli.help_text import command_help
from tfdisent.data import DATASETS
from tfdisent.data.catalogue import catalogue, in_tfds
from tfdisent.data.continuity import hamming_continuity
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.load import load_dataset, options_of
from tfdisent.data.statistics import Statistics, statistics
from tfdisent.errors import UsageError
from tfdisent.evaluation.figures.contact_sheet import contact_sheet
from tfdisent.evaluation.figures.mosaic import Margins, draw_mosaic
from tfdisent.evaluation.figures.save_figure import save_figure
from tfdisent.evaluation.file_names import file_name
from tfdisent.training.workdir import make_directory, write_atomically

FLAGS = flags.FLAGS
data_flags.define_data_flags()
flags.DEFINE_string(
    "output", None, "Folder for pictures and counts; data_sheets/NAME."
)

NUM_PAIRS = 1_000  # behind the continuity of a factor


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    if argv[1:]:
        raise UsageError(
            f"{' '.join(argv[1:])} is not understood; write --flag=value."
        )
    if FLAGS.dataset == "list":
        print("\n".join(catalogue(FLAGS.data_dir)))
        return
    if FLAGS.tfds_data_dir and not _is_prepared():
        _prepare_for_tfds()
    dataset = data_flags.dataset_from_flags()
    folder = pathlib.Path(FLAGS.output or f"data_sheets/{_name()}")
    make_directory(folder)
    dataset.verify()
    counted = statistics(dataset)
    continuity = _continuity(dataset)
    _write(folder, dataset, counted, continuity)
    print("\n".join(_description(dataset, counted, continuity)))
    for path in sorted(folder.glob("*.png")):
        print(f"pictures    {path}")
    print(f"numbers     {folder / 'statistics.json'}")


def _name() -> str:
    """Says which images: those of another file have another folder."""
    given = [name for name in data_flags.NAMES[1:] if FLAGS[name].present]
    values = {name: FLAGS[name].value for name in given}
    values |= {"subset": "-".join(FLAGS.subset)} if FLAGS.subset else {}
    ends = [pathlib.PurePath(str(value)).name for value in values.values()]
    dataset = FLAGS.dataset.replace(":", "-").rstrip("/").rpartition("/")
    return file_name("-".join([dataset[2], *ends]))


def _is_prepared() -> bool:
    folder = pathlib.Path(FLAGS.tfds_data_dir).expanduser()
    name = in_tfds(FLAGS.dataset)
    return bool(list((folder / name).glob("*/dataset_info.json")))


def _prepare_for_tfds() -> None:
    """Writes all drawn images as a data set of TFDS."""
    # TFDS takes seconds to import.
    from tfdisent.data import tfds_writer

    if FLAGS.dataset in DATASETS and (
        "tfds_data_dir" not in options_of(FLAGS.dataset)
    ):
        return  # for loading to refuse
    if FLAGS.dataset not in tfds_writer.NAMES or FLAGS.data_file:
        raise UsageError(
            f"TFDS has prepared no {FLAGS.dataset} in {FLAGS.tfds_data_dir}, "
            f"and drawn images of {' and '.join(tfds_writer.NAMES)} alone can "
            "be written there; leave out --tfds_data_dir, or prepare it by "
            "TFDS."
        )
    drawn = load_dataset(FLAGS.dataset, data_dir=FLAGS.data_dir)
    print(f"Writing {len(drawn):,} images takes minutes.", flush=True)
    folder = tfds_writer.prepare(drawn, FLAGS.tfds_data_dir)
    print(
        f"prepared    {folder}\n"
        f'read it     tfds.load("{FLAGS.dataset}", '
        f"data_dir={str(FLAGS.tfds_data_dir)!r}, download=False)",
        flush=True,
    )


def _continuity(dataset: FactorDataset) -> dict[str, float]:
    """How much an image changes from one value of a factor to the next."""
    if not dataset.is_product:
        return {}
    rng = np.random.default_rng(0)
    sizes = zip(dataset.factor_names, dataset.factor_sizes, strict=True)
    return {
        name: hamming_continuity(dataset, name, num_pairs=NUM_PAIRS, rng=rng)
        for name, size in sizes
        if size > 1
    }


def _write(
    folder: pathlib.Path,
    dataset: FactorDataset,
    counted: Statistics,
    continuity: dict[str, float],
) -> None:
    """Writes the pictures, and the numbers as JSON."""
    save_figure(contact_sheet(dataset), folder / "contact_sheet.png")
    mean = draw_mosaic(counted.mean_image[None, None], Margins(14, 14, 14, 14))
    save_figure(mean.figure, folder / "mean_image.png")
    numbers = {
        "name": dataset.name,
        "provenance": dataset.provenance,
        "images": len(dataset),
        "image_shape": dataset.image_shape,
        "sha256": counted.sha256,
        "mean": counted.mean,
        "every_combination_of_factors": dataset.is_product,
        "images_with_each_value": counted.counts,
        "value_names": {k: list(v) for k, v in dataset.value_names.items()},
        "hamming_continuity": continuity,
    }
    text = json.dumps(numbers, indent=2) + "\n"
    write_atomically(folder / "statistics.json", text)


def _description(
    dataset: FactorDataset, counted: Statistics, continuity: dict[str, float]
) -> list[str]:
    """What is said of it: a line each, the factors below one another."""
    height, width, channels = dataset.image_shape
    mean = ", ".join(f"{value:.4f}" for value in counted.mean)
    lines = [
        ("name", dataset.name),
        ("provenance", dataset.provenance),
        ("images", f"{len(dataset):,} of {height} x {width} x {channels}"),
        ("sha256", f"{counted.sha256} of all images, uint8"),
        ("mean", f"{mean} (black 0, white 1)"),
        ("stored in", dataset.storage),
    ]
    described = [
        f"{name} {len(counts)}, {_per_value(counts)}"
        + (f", continuity {continuity[name]:.3f}" if name in continuity else "")
        for name, counts in counted.counts.items()
    ]
    titles = ["factors", *[""] * len(described)]
    lines += zip(titles, described or ["none known"], strict=False)
    return [f"{title:12}{value}" for title, value in lines]


def _per_value(counts: list[int]) -> str:
    fewest, most = min(counts), max(counts)
    if fewest == most:
        return f"{most:,} images of each value"
    return f"{fewest:,} to {most:,} images of a value"


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    return command_help(__doc__, [*data_flags.NAMES, "data_dir", "output"])


if __name__ == "__main__":
    cli_main.run(main, help_text)
