r"""Prepares a data set, checks it and says what it holds.

    bin/prepare_data --dataset=dsprites
    bin/prepare_data --dataset=dsprites --tfds_data_dir=DIR
    bin/prepare_data --dataset=list

With --tfds_data_dir, the drawn images are written there as a data set of
TensorFlow Datasets, so that in any program this works:

    tfds.load("dsprites", data_dir=DIR, download=False)
"""

import inspect

import numpy as np
from absl import flags

from tfdisent.cli import data_flags
from tfdisent.cli import main as cli_main
from tfdisent.cli.help_text import command_help
from tfdisent.data import DATASETS
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError

FLAGS = flags.FLAGS
data_flags.define_data_flags()

_IMAGES_PER_READ = 8192


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    if argv[1:]:
        raise UsageError(
            f"{' '.join(argv[1:])} is not understood; write --flag=value."
        )
    if FLAGS.dataset == "list":
        for name, loader in DATASETS.items():
            print(f"{name}: {inspect.getdoc(loader).splitlines()[0]}")
    elif FLAGS.tfds_data_dir:
        _prepare_for_tfds()
    else:
        print(_description(data_flags.dataset_from_flags()))


def _prepare_for_tfds() -> None:
    if FLAGS.dataset != "dsprites" or FLAGS.data_file or FLAGS.subset:
        raise UsageError(
            f"--tfds_data_dir={FLAGS.tfds_data_dir} prepares all drawn images "
            "of --dataset=dsprites; leave out other data sets, --data_file "
            "and --subset."
        )
    # TFDS takes seconds to import.
    from tfdisent.data import dsprites_tfds

    print("Writing 737,280 images takes 3 to 10 minutes.", flush=True)
    folder = dsprites_tfds.prepare(FLAGS.tfds_data_dir)
    print(
        f"prepared    {folder}\n"
        f'read it     tfds.load("dsprites", '
        f"data_dir={str(FLAGS.tfds_data_dir)!r}, download=False)"
    )


def _description(dataset: FactorDataset) -> str:
    sizes = zip(dataset.factor_names, dataset.factor_sizes, strict=True)
    white = _mean_white_pixels(dataset)
    lines = (
        ("name", dataset.name),
        ("provenance", dataset.provenance),
        ("factors", ", ".join(f"{name} {size}" for name, size in sizes)),
        ("images", f"{len(dataset):,} of shape {dataset.image_shape}"),
        ("white", f"{white:.4f} of {np.prod(dataset.image_shape)} pixels"),
        ("stored in", dataset.storage),
    )
    return "\n".join(f"{title:12}{value}" for title, value in lines)


def _mean_white_pixels(dataset: FactorDataset) -> float:
    """Returns the sum of an image's values, white = 1, mean over images."""
    total = 0
    for start in range(0, len(dataset), _IMAGES_PER_READ):
        stop = min(start + _IMAGES_PER_READ, len(dataset))
        total += int(dataset.images(np.arange(start, stop)).sum(dtype=np.int64))
    return total / 255 / len(dataset)


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    return command_help(
        __doc__, ["dataset", "subset", "data_file", "tfds_data_dir", "data_dir"]
    )


if __name__ == "__main__":
    cli_main.run(main, help_text)
