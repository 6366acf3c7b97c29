"""Writes images as a data set of TensorFlow Datasets (TFDS)."""

import json
import os
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from tfdisent.data import dsprites_renderer
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import RunError, UsageError

# What value_NAME is for each label_NAME, as the published files list them.
# TFDS has the labels and values of these data sets and the same factors.
FACTOR_VALUES = {
    "dsprites": dsprites_renderer.FACTOR_VALUES,
    "shapes3d": (
        *(np.linspace(0.0, 0.9, 10),) * 3,
        np.linspace(0.75, 1.25, 8),
        np.arange(4.0),
        np.linspace(-30.0, 30.0, 15),
    ),
}
NAMES = tuple(FACTOR_VALUES)
"""What can be prepared."""

# What TFDS has in place of 255.
_WHITE = {"dsprites": 1, "shapes3d": 255}

_IMAGES_PER_READ = 512
# TFDS writes a builder's metadata to this file, and reads any such file.
_METADATA_FILE = "metadata.json"


def prepare(
    dataset: FactorDataset,
    tfds_data_dir: str | os.PathLike,
    indices: Sequence[int] | None = None,
) -> pathlib.Path:
    """Prepares images as a TFDS data set, with the features of the official.

    Afterwards `tfds.load(dataset.name, data_dir=tfds_data_dir, download=False)`
    works in any program; the images of dSprites are 0 and 1 there. It takes
    minutes, with progress bars. TFDS writes to a folder incomplete.* and
    renames it when all is done; a process that is killed leaves that behind.

    Args:
      dataset: One of `NAMES`, all of it; its provenance is noted beside it.
      tfds_data_dir: The folder for TFDS data sets.
      indices: Which images; all by default.

    Returns:
      The folder of the data set.

    Raises:
      UsageError: The data set is not one that TFDS has, or the folder holds
        it already.
      RunError: The folder cannot be written.
    """
    official = _official_builder(dataset)
    try:
        builder = _drawn(official)(
            dataset,
            range(len(dataset)) if indices is None else indices,
            data_dir=os.fspath(tfds_data_dir),
        )
        folder = pathlib.Path(builder.data_dir)
        if folder.exists():
            raise UsageError(
                f"{folder} holds a data set already; use it with "
                f"--tfds_data_dir={tfds_data_dir}, delete it, or choose "
                "another folder."
            )
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(try_download_gcs=False)
        )
    except (OSError, tf.errors.OpError) as error:
        raise RunError(
            f"Cannot write the data set to {tfds_data_dir} ({error}); choose a "
            "folder that can be written and has 5 GB free."
        ) from error
    return folder


def noted_provenance(folder: pathlib.Path) -> str | None:
    """The provenance of a prepared data set, if `prepare` has written it."""
    metadata = folder / _METADATA_FILE
    if not metadata.is_file():
        return None
    return json.loads(metadata.read_text()).get("provenance")


def _official_builder(dataset: FactorDataset) -> type:
    """Finds the builder, and that the data set is what it describes."""
    name = dataset.name
    if name not in NAMES:
        raise UsageError(
            f"{name} cannot be prepared for TFDS; choose {' or '.join(NAMES)}."
        )
    sizes = tuple(len(values) for values in FACTOR_VALUES[name])
    if dataset.factor_sizes != sizes or not dataset.is_product:
        raise UsageError(
            f"{name} for TFDS is all images with factors of sizes {sizes}; "
            f"{dataset.provenance} has {len(dataset)} images with sizes "
            f"{dataset.factor_sizes}."
        )
    return tfds.builder_cls(name)


def _drawn(official: type) -> type:
    """The official builder, but fed by a data set, not by a download."""
    with tfds.core.registered.skip_registration():

        class Drawn(official):
            name = official.name
            pkg_dir_path = official.pkg_dir_path

            def __init__(self, dataset, indices, **kwargs):
                self._dataset, self._indices = dataset, indices
                super().__init__(**kwargs)

            def dataset_info_from_configs(self, **kwargs):
                metadata = tfds.core.MetadataDict(
                    provenance=self._dataset.provenance
                )
                return super().dataset_info_from_configs(
                    metadata=metadata, **kwargs
                )

            def _split_generators(self, dl_manager):
                del dl_manager  # Nothing is downloaded.
                return {"train": self._generate_examples()}

            def _generate_examples(self):
                return _examples(self._dataset, self._indices)

    return Drawn


def _examples(
    dataset: FactorDataset, indices: Sequence[int]
) -> Iterator[tuple[int, dict]]:
    """Yields each index and the features that the official builder gives."""
    values_of_all = FACTOR_VALUES[dataset.name]
    for start in range(0, len(indices), _IMAGES_PER_READ):
        block = np.asarray(indices[start : start + _IMAGES_PER_READ])
        images = dataset.images(block) // (255 // _WHITE[dataset.name])
        factors = dataset.factors_of(block)
        for index, image, labels in zip(block, images, factors, strict=True):
            example = {"image": image}
            for factor, values, label in zip(
                dataset.factor_names, values_of_all, labels, strict=True
            ):
                example[f"label_{factor}"] = int(label)
                example[f"value_{factor}"] = np.float32(values[label])
            yield int(index), example
