"""Loads a data set by its name, with its views applied."""

from collections.abc import Sequence

from tfdisent.data import DATASETS
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.subsets import parse_subset
from tfdisent.errors import UsageError


def load_dataset(
    name: str,
    *,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    data_dir: str | None = None,
    subsets: Sequence[str] = (),
) -> FactorDataset:
    """Loads a data set.

    Args:
      name: a key of DATASETS.
      data_file: the published file, to be read.
      tfds_data_dir: a folder in which TFDS has prepared the data set.
      data_dir: where computed data are kept; ~/.cache/tfdisent by default.
      subsets: views, applied in this order; `parse_subset` has the forms.

    Raises:
      UsageError: an argument is wrong.
      RunError: the data are damaged.
    """
    if name not in DATASETS:
        raise UsageError(
            f"--dataset={name} is not known; choose one of "
            f"{', '.join(DATASETS)}."
        )
    if data_file and tfds_data_dir:
        raise UsageError(
            f"--data_file={data_file} and --tfds_data_dir={tfds_data_dir} "
            "are two sources; give one of them, or none to draw the images."
        )
    views = [parse_subset(text) for text in subsets]
    dataset = DATASETS[name](
        data_file=data_file, tfds_data_dir=tfds_data_dir, data_dir=data_dir
    )
    for view in views:
        dataset = view(dataset)
    return dataset
