"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009): 60,000 small photographs."""

import pathlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfdisent.data import archives, cifar_files, cifar_labels
from tfdisent.data.image_rows import ImageRows
from tfdisent.data.kept_rows import kept_rows
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import RunError, UsageError

_SIZES = (32, 64)
_IMAGES_PER_BLOCK = 1000


class _Cifar(NamedTuple):
    """One of the two sets.

    Attributes:
      name: In DATASETS, and in TFDS.
      labels: The names of the values of each label.
      files: What the published files are called.
      md5s: Of the two archives, from the home page.
      archive: How their names begin.
    """

    name: str
    labels: dict[str, tuple[str, ...]]
    files: cifar_files.Names
    md5s: tuple[str, str]
    archive: str


_CIFAR10 = _Cifar(
    name="cifar10",
    labels={"label": cifar_labels.CIFAR10},
    files=cifar_files.Names(
        batches=(
            tuple(f"data_batch_{number}" for number in range(1, 6)),
            ("test_batch",),
        ),
        labels=("labels",),
    ),
    md5s=(
        "c58f30108f718f92721af3b95e74349a",
        "c32a1d4ab5d03f1284b67883e8d87530",
    ),
    archive="cifar-10",
)
_CIFAR100 = _Cifar(
    name="cifar100",
    labels={
        "coarse_label": cifar_labels.CIFAR100_COARSE,
        "label": cifar_labels.CIFAR100,
    },
    files=cifar_files.Names(
        batches=(("train",), ("test",)),
        labels=("coarse_labels", "fine_labels"),
    ),
    md5s=(
        "eb9058c3a382ffc7106e4002c42a8d85",
        "03b5dce01913d631647c71ecec9e9cb8",
    ),
    archive="cifar-100",
)


def load_cifar10(
    *,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    image_size: int = 32,
    data_dir: str | None = None,
) -> RowsDataset:
    """CIFAR-10: 60,000 photographs of 10 kinds of things, from its file.

    First the 50,000 for training and then the 10,000 for testing, each in their
    stored order: the factors are split (2) and label (10).

    Args:
      data_file: cifar-10-python.tar.gz or cifar-10-binary.tar.gz, or the folder
        that it unpacks to. An npz with JPEGs of a part of the images is read as
        well (`cifar_files.read_jpegs`), and named as such in the provenance.
      tfds_data_dir: A folder in which TFDS has prepared `cifar10`.
      image_size: 32 as published, or 64: enlarged bilinearly, as replications
        do that use the networks for 64 pixels.
      data_dir: Keeps the unpacked images; ~/.cache/tfdisent by default.

    Raises:
      UsageError: An option is wrong, or no source is given.
      RunError: What is found there is damaged or is something else.

    References:
      Krizhevsky (2009), "Learning Multiple Layers of Features from Tiny
      Images". https://www.cs.toronto.edu/~kriz/cifar.html
    """
    return _load(_CIFAR10, data_file, tfds_data_dir, image_size, data_dir)


def load_cifar100(
    *,
    data_file: str | None = None,
    tfds_data_dir: str | None = None,
    image_size: int = 32,
    data_dir: str | None = None,
) -> RowsDataset:
    """CIFAR-100: 60,000 photographs of 100 kinds of things, from its file.

    As `load_cifar10`, with the files cifar-100-..., and the factors split (2),
    coarse_label (20) and label (100).
    """
    return _load(_CIFAR100, data_file, tfds_data_dir, image_size, data_dir)


def _load(
    cifar: _Cifar,
    data_file: str | None,
    tfds_data_dir: str | None,
    image_size: int,
    data_dir: str | None,
) -> RowsDataset:
    if image_size not in _SIZES:
        raise UsageError(f"--image_size={image_size} must be 32 or 64.")
    read = _from_tfds if tfds_data_dir else _from_file
    rows, factors, provenance = read(
        cifar, tfds_data_dir or data_file, image_size, data_dir
    )
    if image_size != _SIZES[0]:
        provenance += f", enlarged to {image_size}x{image_size} bilinearly"
    labels = {"split": ("train", "test"), **cifar.labels}
    return RowsDataset(
        rows,
        factors,
        name=cifar.name,
        provenance=provenance,
        factor_names=tuple(labels),
        factor_sizes=[len(names) for names in labels.values()],
        value_names=labels,
    )


def _from_file(
    cifar: _Cifar, data_file: str | None, image_size: int, data_dir: str | None
) -> tuple[ImageRows, np.ndarray, str]:
    path = archives.given_path(
        data_file,
        f"give {cifar.archive}-python.tar.gz or {cifar.archive}-binary.tar.gz "
        "from https://www.cs.toronto.edu/~kriz/cifar.html, or the folder that "
        "it unpacks to, or --tfds_data_dir",
    )
    jpegs = path.suffix == ".npz" and cifar is _CIFAR10

    def blocks():
        if jpegs:
            read = cifar_files.read_jpegs(path, cifar.labels["label"])
        else:
            read = cifar_files.read(path, cifar.files)
        for images, factors in read:
            _check_labels(cifar, path, factors)
            for start in range(0, len(images), _IMAGES_PER_BLOCK):
                part = slice(start, start + _IMAGES_PER_BLOCK)
                enlarged = [
                    _resized(image, image_size) for image in images[part]
                ]
                yield np.stack(enlarged), factors[part]

    rows, factors = kept_rows(
        cifar.name,
        [path],
        blocks,
        num_images=sum(cifar_files.NUM_IMAGES),
        image_shape=(image_size, image_size, 3),
        data_dir=data_dir,
    )
    provenance = archives.origin(path, rows, cifar.md5s)
    if jpegs:
        provenance = f"subset of {len(rows)} images as JPEG, {provenance}"
    return rows, factors, provenance


def _check_labels(
    cifar: _Cifar, path: pathlib.Path, factors: np.ndarray
) -> None:
    sizes = [2, *map(len, cifar.labels.values())]
    if (factors < 0).any() or (factors >= sizes).any():
        raise RunError(
            f"{path} has labels up to {factors.max(axis=0)[1:].tolist()} and "
            f"{cifar.name} has {sizes[1:]} of them; fetch it again."
        )


def _from_tfds(
    cifar: _Cifar, tfds_data_dir: str, image_size: int, data_dir: str | None
) -> tuple[ImageRows, np.ndarray, str]:
    # TFDS takes seconds to import and most runs do not need it.
    from tfdisent.data import tfds_reader

    rows, labels, provenance = tfds_reader.read(
        cifar.name,
        tfds_data_dir,
        image_shape=(image_size, image_size, 3),
        factor_keys=tuple(cifar.labels),
        splits=("train", "test"),
        picture=lambda image: _resized(image, image_size),
        settings={"image_size": image_size},
        data_dir=data_dir,
    )
    if len(rows) != sum(cifar_files.NUM_IMAGES):
        raise RunError(
            f"TFDS has {len(rows)} images of {cifar.name} in {tfds_data_dir} "
            f"and should have {sum(cifar_files.NUM_IMAGES)}; prepare it again."
        )
    split = np.arange(len(rows)) >= cifar_files.NUM_IMAGES[0]
    return rows, np.column_stack([split, labels]), provenance


def _resized(image: np.ndarray, size: int) -> np.ndarray:
    """[size, size, 3], by Pillow's bilinear interpolation in integers."""
    if len(image) == size:
        return image
    picture = Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))
