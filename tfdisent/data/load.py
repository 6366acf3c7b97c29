"""Loads a data set by its name, with its views applied."""

import difflib
import inspect
import os
from collections.abc import Sequence

from tfdisent.data import DATASETS
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.subsets import parse_subset
from tfdisent.errors import UsageError

_FOLDER = "folder"
"""The one data set whose path stands in its name: folder:PATH."""


def load_dataset(
    name: str,
    *,
    data_dir: str | None = None,
    subsets: Sequence[str] = (),
    **options,
) -> FactorDataset:
    """Loads a data set.

    Args:
      name: A key of DATASETS, or folder:PATH.
      data_dir: Where computed data are kept; ~/.cache/tfdisent by default.
      subsets: Views, applied in this order; `parse_subset` has the forms.
      **options: For the data set's loader, such as data_file (what was
        published) and tfds_data_dir (a folder in which TFDS has prepared it).
        None stands for its default.

    Raises:
      UsageError: If an argument is wrong.
      RunError: If the data are damaged.
    """
    options = {k: v for k, v in options.items() if v is not None}
    name, loader = _loader(name, options)
    taken = options_of(name)
    for option, value in options.items():
        if option not in taken:
            listed = ", ".join(f"--{o}" for o in taken if o != "path")
            raise UsageError(
                f"--dataset={name} does not take --{option}={value}; it takes "
                f"{listed or 'no such flags'}."
            )
    if options.get("data_file") and options.get("tfds_data_dir"):
        raise UsageError(
            f"--data_file={options['data_file']} and --tfds_data_dir="
            f"{options['tfds_data_dir']} are two sources; give one of them."
        )
    views = [parse_subset(text) for text in subsets]
    dataset = loader(data_dir=data_dir, **options)
    for view in views:
        dataset = view(dataset)
    return dataset


def options_of(name: str) -> list[str]:
    """The options that the loader of a key of DATASETS takes."""
    taken = inspect.signature(DATASETS[name]).parameters
    return [option for option in taken if option != "data_dir"]


def _loader(name: str, options: dict):
    """The key and its loader; the path of folder:PATH goes into the options."""
    key, colon, path = name.partition(":")
    if key == _FOLDER and path:
        options["path"] = path
    elif colon or key not in DATASETS or key == _FOLDER:
        listed = ", ".join(key for key in DATASETS if key != _FOLDER)
        near = difflib.get_close_matches(name, DATASETS, n=1)
        near = [f"{_FOLDER}:{name}"] if os.path.exists(name) else near
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(
            f"--dataset={name} is not known{hint}; choose one of {listed}, or "
            f"{_FOLDER}:PATH for images of your own."
        )
    return key, DATASETS[key]
