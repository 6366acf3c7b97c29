"""The flags that choose the data, shared by the commands."""

from absl import flags

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.load import load_dataset

FLAGS = flags.FLAGS

# The flags belong to the command that asks for them, so its --help has them.
flags.disclaim_key_flags()


def define_data_flags() -> None:
    """Defines the flags; does nothing if another command has done it."""
    if "dataset" in FLAGS:
        return
    flags.DEFINE_string("dataset", "dsprites", "Name of the data set.")
    flags.DEFINE_string(
        "data_dir",
        None,
        "Folder that keeps drawn images; ~/.cache/tfdisent by default.",
    )
    flags.DEFINE_string(
        "data_file", None, "The published file to read, npz or hdf5."
    )
    flags.DEFINE_string(
        "tfds_data_dir",
        None,
        "Folder with the data set as TFDS has prepared it; prepare_data "
        "prepares it there.",
    )
    flags.DEFINE_multi_string(
        "subset",
        [],
        "Part of the data, repeatable, applied in order: FACTOR<=T (labels "
        "from 1), FACTOR<=T@0 (labels from 0) or random=N@SEED.",
    )


def dataset_from_flags() -> FactorDataset:
    """Loads the data set that the flags name."""
    return load_dataset(
        FLAGS.dataset,
        data_file=FLAGS.data_file,
        tfds_data_dir=FLAGS.tfds_data_dir,
        data_dir=FLAGS.data_dir,
        subsets=FLAGS.subset,
    )
