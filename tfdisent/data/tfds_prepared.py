"""A data set that TensorFlow Datasets (TFDS) has prepared in a folder."""

import functools
import operator
import os
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf import json_format

from tfdisent.data import tfds_writer
from tfdisent.errors import RunError, UsageError

# 30 MB of the largest images, those of CelebA.
_IMAGES_PER_READ = 256


class Prepared:
    """The newest version of a data set that lies in a folder; no download.

    Args:
      name: Of the data set in TFDS.
      tfds_data_dir: What one gives to `tfds.load(name, data_dir=...)`.

    Attributes:
      folder: Holds the files of that version.
      provenance: "prepared by TFDS 2.0.0", or what `tfds_writer` has noted in
        place of "prepared"; not "original", for no hash tells that it is.

    Raises:
      UsageError: Nothing is prepared there.
      RunError: What is there is damaged.
    """

    def __init__(self, name: str, tfds_data_dir: str | os.PathLike):
        self.folder = _newest_version(name, pathlib.Path(tfds_data_dir))
        try:
            self._builder = tfds.builder_from_directory(self.folder)
            origin = tfds_writer.noted_provenance(self.folder) or "prepared"
        except (OSError, ValueError, json_format.Error) as error:
            raise self._damaged(error) from error
        self.provenance = f"{origin} by TFDS {self._builder.version}"

    @property
    def files(self) -> list[pathlib.Path]:
        """All files of the data set."""
        return sorted(self.folder.iterdir())

    def num_images(self, splits: Sequence[str]) -> int:
        """How many images the splits have.

        Raises:
          UsageError: There is no such split.
        """
        known = self._builder.info.splits
        for split in splits:
            if split not in known:
                raise UsageError(
                    f"{self.folder} has no split {split!r}; it has "
                    f"{', '.join(known) or 'none'}."
                )
        return sum(known[split].num_examples for split in splits)

    def batches(
        self,
        image_key: str,
        factor_keys: Sequence[str],
        splits: Sequence[str],
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields the images in the order in which they are stored.

        Args:
          image_key: Which feature is the image.
          factor_keys: K features that are integers or truth values;
            "attributes/Smiling" is one within another.
          splits: Which splits, one after another.

        Yields:
          Images [n, H, W, C] uint8 and factors [n, K] int64.

        Raises:
          RunError: The files are damaged or have other features.
        """
        keys = [key.split("/") for key in (image_key, *factor_keys)]
        # One shard after another, and none kept in memory.
        config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        try:
            for split in splits:
                dataset = self._builder.as_dataset(
                    split=split,
                    batch_size=_IMAGES_PER_READ,
                    decoders=tfds.decode.PartialDecoding(_nested(keys)),
                    read_config=config,
                )
                for batch in dataset.as_numpy_iterator():
                    images, *factors = (
                        functools.reduce(operator.getitem, key, batch)
                        for key in keys
                    )
                    columns = [column.astype(np.int64) for column in factors]
                    table = np.reshape(columns, (-1, len(images))).T
                    yield images, table
        except (tf.errors.OpError, ValueError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> RunError:
        reason = str(error).partition("\n")[0]
        return RunError(
            f"The data set in {self.folder} is damaged ({reason}); delete it "
            "and prepare it again."
        )


def indices_in(
    factors: np.ndarray, sizes: Sequence[int], source: object
) -> np.ndarray:
    """Mixed radix [n] of factors [n, K], which must be below the sizes.

    Raises:
      RunError: They are not; it names the source.
    """
    try:
        return np.ravel_multi_index(tuple(factors.T), tuple(sizes))
    except ValueError as error:
        raise RunError(
            f"{source} has factors up to {factors.max(axis=0).tolist()} and "
            f"their sizes are {list(sizes)}; delete it and prepare it again."
        ) from error


def check_whole(
    indices: np.ndarray, sizes: Sequence[int], source: object
) -> None:
    """Checks that every combination of factors occurs exactly once.

    Args:
      indices: [n], from `indices_in`.
      sizes: Of the factors.
      source: Where they are from, for the message.

    Raises:
      RunError: One occurs never or twice.
    """
    different, whole = len(np.unique(indices)), int(np.prod(sizes))
    if not different == len(indices) == whole:
        raise RunError(
            f"The data set in {source} has {different} of the {whole} "
            f"combinations of factors in {len(indices)} images; delete it "
            "and prepare it again."
        )


def _newest_version(name: str, tfds_data_dir: pathlib.Path) -> pathlib.Path:
    found = tfds_data_dir.expanduser().glob(f"{name}/*/dataset_info.json")
    versions = [
        info.parent
        for info in found
        if tfds.core.Version.is_valid(info.parent.name)
    ]
    if not versions:
        how = f"tfds build {name} --data_dir={tfds_data_dir} with a network"
        if name in tfds_writer.NAMES:
            how = (
                f"prepare_data --dataset={name} --tfds_data_dir="
                f"{tfds_data_dir} for drawn images, {how} for the original"
            )
        raise UsageError(
            f"TFDS has prepared no {name} in {tfds_data_dir}; run {how}, or "
            "leave out --tfds_data_dir."
        )
    return max(versions, key=lambda path: tfds.core.Version(path.name))


def _nested(keys: Sequence[Sequence[str]]) -> dict:
    """The features to decode: {"image": True, "attributes": {"Bald": True}}."""
    wanted = {}
    for *outer, last in keys:
        inner = wanted
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = True
    return wanted
