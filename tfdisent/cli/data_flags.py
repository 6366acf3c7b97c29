"""The flags that choose the data, shared by the commands."""

import os

from absl import flags

from tfdisent.data import subsets
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.load import load_dataset

FLAGS = flags.FLAGS
OPTIONS = {
    "image_size": (
        flags.DEFINE_integer,
        "Height and width of the images; larger pictures are cropped to their "
        "middle and made smaller.",
    ),
    "factors_file": (
        flags.DEFINE_string,
        "CSV with the factors of a folder's images: a column `file`, and one "
        "for each factor; its factors.csv by default. For an array a row for "
        "each image, without `file`.",
    ),
    "skip_unreadable": (
        flags.DEFINE_bool,
        "Leave out pictures that cannot be read, instead of stopping.",
    ),
    "background_file": (
        flags.DEFINE_string,
        "A picture that dsprites_scream cuts its backgrounds out of.",
    ),
}
"""Options of some data sets beside data_file and tfds_data_dir."""

_PATHS = {"factors_file", "background_file"}

NAMES = ("dataset", "subset", "data_file", "tfds_data_dir", *OPTIONS)
"""What defines the data, in the order of --help."""

# The flags belong to the command that asks for them, so its --help has them.
flags.disclaim_key_flags()


def define_data_flags() -> None:
    """Defines the flags; does nothing if another command has done it."""
    if "dataset" in FLAGS:
        return
    flags.DEFINE_string(
        "dataset",
        "dsprites",
        "Name of the data set, or folder:PATH for images of your own; "
        "bin/prepare_data --dataset=list lists them.",
    )
    define_data_dir()
    flags.DEFINE_string(
        "data_file", None, "The published file, archive or folder to read."
    )
    flags.DEFINE_string(
        "tfds_data_dir",
        None,
        "Folder with the data set as TFDS has prepared it; prepare_data "
        "prepares drawn ones there.",
    )
    for name, (define, meaning) in OPTIONS.items():
        define(name, None, meaning)
    flags.DEFINE_multi_string(
        "subset",
        [],
        "Part of the data, repeatable, applied in order; one of\n"
        + subsets.help_text(),
    )


def define_data_dir() -> None:
    """Defines --data_dir."""
    flags.DEFINE_string(
        "data_dir",
        None,
        "Folder that keeps drawn and unpacked images; ~/.cache/tfdisent by "
        "default.",
    )


def dataset_from_flags() -> FactorDataset:
    """Loads the data set that the flags name."""
    given = source()
    return load_dataset(
        given.pop("dataset"),
        data_dir=FLAGS.data_dir,
        **given.pop("data_options"),
        **given,
    )


def source() -> dict:
    """What the flags say of the data, as fields of an ExperimentConfig.

    Paths are made absolute, for a run can be gone on with from any folder.
    """
    options = {n: FLAGS[n].value for n in OPTIONS if FLAGS[n].value}
    if FLAGS["image_size"].value is not None:  # 0 is for the loader to refuse
        options["image_size"] = FLAGS.image_size
    for name in options.keys() & _PATHS:
        options[name] = absolute(options[name])
    name, colon, path = FLAGS.dataset.partition(":")
    return {
        "dataset": name + colon + absolute(path) if path else FLAGS.dataset,
        "data_file": absolute(FLAGS.data_file),
        "tfds_data_dir": absolute(FLAGS.tfds_data_dir),
        "data_options": options,
        "subsets": tuple(FLAGS.subset),
    }


def absolute(path: str | None) -> str | None:
    """A path as it is found from any folder."""
    if path is None:
        return None
    return os.path.abspath(os.path.expanduser(path))
