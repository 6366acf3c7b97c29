"""dSprites as a data set of TensorFlow Datasets: read it, or prepare it."""

import json
import os
import pathlib
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import tqdm
from tensorflow_datasets.datasets.dsprites import dsprites_dataset_builder

from tfdisent.data import dsprites_check
from tfdisent.data import dsprites_renderer as renderer
from tfdisent.errors import RunError, UsageError

_LABELS = tuple(f"label_{name}" for name in renderer.FACTOR_NAMES)
_IMAGES_PER_READ = 4096
# TFDS writes a builder's metadata to this file, and reads any such file.
_METADATA_FILE = "metadata.json"
_RENDERED = f"rendered (sha256 {renderer.SHA256[:8]})"


def read_packed(data_dir: str | os.PathLike) -> tuple[np.ndarray, str]:
    """Reads the images that TFDS has prepared, in factor order.

    Args:
      data_dir: what one gives to `tfds.load("dsprites", data_dir=...)`.

    Returns:
      The images [737280, 512] uint8, packed as `render_all` does it, and
      the provenance.

    Raises:
      UsageError: nothing is prepared there.
      RunError: what is there is damaged or is not dSprites.
    """
    builder = tfds.builder_from_directory(_prepared_dir(data_dir))
    packed = np.zeros((renderer.NUM_IMAGES, renderer.BYTES_PER_IMAGE), np.uint8)
    times_seen = np.zeros(renderer.NUM_IMAGES, np.int64)
    try:
        for images, indices in _batches(builder):
            packed[indices] = dsprites_check.pack(images, builder.data_dir)
            np.add.at(times_seen, indices, 1)
    except (tf.errors.OpError, ValueError) as error:
        raise RunError(
            f"The data set in {builder.data_dir} is damaged "
            f"({str(error).splitlines()[0]}); delete it and prepare it again."
        ) from error
    if not np.all(times_seen == 1):
        raise RunError(
            f"The data set in {builder.data_dir} has "
            f"{np.count_nonzero(times_seen)} of the {renderer.NUM_IMAGES} "
            f"combinations of factors in {times_seen.sum()} images; delete it "
            "and prepare it again."
        )
    difference = dsprites_check.compare_with_rendered(packed, builder.data_dir)
    origin = _origin(pathlib.Path(builder.data_dir))
    return packed, f"{origin} by TFDS {builder.version}, {difference}"


def prepare(
    data_dir: str | os.PathLike, indices: Iterable[int] | None = None
) -> pathlib.Path:
    """Prepares the rendered images as the TFDS data set `dsprites`.

    Afterwards `tfds.load("dsprites", data_dir=data_dir, download=False)`
    works in any program. It takes 3 to 10 minutes, with progress bars.
    TFDS writes to a folder of another name and renames it when all is done.

    Args:
      data_dir: the folder for TFDS data sets.
      indices: which images; all by default.

    Returns:
      The folder of the data set.

    Raises:
      UsageError: the folder holds a data set `dsprites` already.
      RunError: the folder cannot be written.
    """
    try:
        builder = _RenderedBuilder(
            renderer.render_all(),
            range(renderer.NUM_IMAGES) if indices is None else indices,
            data_dir=os.fspath(data_dir),
        )
        folder = pathlib.Path(builder.data_dir)
        if folder.exists():
            raise UsageError(
                f"{folder} holds a data set already; use it with "
                f"--tfds_data_dir={data_dir}, delete it, or choose another "
                "folder."
            )
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(try_download_gcs=False)
        )
    except (OSError, tf.errors.OpError) as error:
        raise RunError(
            f"Cannot write the data set to {data_dir} ({error}); choose a "
            "folder that can be written and has 1 GB free."
        ) from error
    return folder


with tfds.core.registered.skip_registration():

    class _RenderedBuilder(dsprites_dataset_builder.Builder):
        """The official builder, fed by the renderer, not by a download."""

        name = "dsprites"
        pkg_dir_path = dsprites_dataset_builder.Builder.pkg_dir_path

        def __init__(self, packed, indices, **kwargs):
            self._packed, self._indices = packed, indices
            super().__init__(**kwargs)

        def dataset_info_from_configs(self, **kwargs):
            metadata = tfds.core.MetadataDict(provenance=_RENDERED)
            return super().dataset_info_from_configs(
                metadata=metadata, **kwargs
            )

        def _split_generators(self, dl_manager):
            del dl_manager  # Nothing is downloaded.
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for index in self._indices:
                yield index, _example(index, self._packed[index])


def _example(index: int, packed: np.ndarray) -> dict:
    """Returns the features that the official builder gives for an image."""
    bits = np.unpackbits(packed, bitorder="little")
    size = renderer.IMAGE_SIZE
    example = {"image": bits.reshape(size, size, 1)}
    factors = np.unravel_index(index, renderer.FACTOR_SIZES)
    for name, values, label in zip(
        renderer.FACTOR_NAMES, renderer.FACTOR_VALUES, factors, strict=True
    ):
        example[f"label_{name}"] = int(label)
        example[f"value_{name}"] = np.float32(values[label])
    return example


def _prepared_dir(data_dir: str | os.PathLike) -> pathlib.Path:
    """Finds the newest version that is prepared, and never downloads."""
    folder = pathlib.Path(data_dir).expanduser() / "dsprites"
    infos = folder.glob("[0-9]*.[0-9]*.[0-9]*/dataset_info.json")
    prepared = sorted(info.parent for info in infos)
    if not prepared:
        raise UsageError(
            f"TFDS has prepared no dsprites in {data_dir}; run prepare_data "
            f"--dataset=dsprites --tfds_data_dir={data_dir}, or leave the "
            "flag out to draw the images."
        )
    return prepared[-1]


def _batches(
    builder: tfds.core.DatasetBuilder,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields images [n, 64, 64, 1] of 0 and 1 and their indices [n]."""
    features = dict.fromkeys(("image", *_LABELS), True)
    dataset = builder.as_dataset(
        split="train",
        batch_size=_IMAGES_PER_READ,
        decoders=tfds.decode.PartialDecoding(features),
    )
    total = builder.info.splits["train"].num_examples
    with tqdm.tqdm(
        total=total, desc="dSprites from TFDS", unit=" images", disable=None
    ) as progress:
        for batch in dataset.as_numpy_iterator():
            factors = tuple(batch[label] for label in _LABELS)
            indices = np.ravel_multi_index(factors, renderer.FACTOR_SIZES)
            yield batch["image"], indices
            progress.update(len(indices))


def _origin(folder: pathlib.Path) -> str:
    """Tells our prepared data set from one that TFDS has downloaded."""
    metadata = folder / _METADATA_FILE
    if metadata.is_file():
        return json.loads(metadata.read_text()).get("provenance", "original")
    return "original"
