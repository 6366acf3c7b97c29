"""Reads the published files of CIFAR-10 and CIFAR-100."""

import io
import itertools
import pathlib
import pickle
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tfdisent.data.archives import Members, open_members
from tfdisent.data.array_blocks import DAMAGE
from tfdisent.data.pictures_blocks import pictures_blocks
from tfdisent.errors import RunError

NUM_IMAGES = (50_000, 10_000)
_SPLITS = ("train", "test")
_PLANES = (3, 32, 32)
_BYTES = 3 * 32 * 32

Block = tuple[np.ndarray, np.ndarray]
"""Images [n, 32, 32, 3] uint8 and factors [n, 1 + K]: split 0 or 1, labels."""


class Names(NamedTuple):
    """What the files of one of the two sets are called.

    Attributes:
      batches: Those for training, and those for testing; the names of the
        binary version have ".bin" at their end.
      labels: Keys of the K labels in the pickles, in the binary's order.
    """

    batches: tuple[tuple[str, ...], tuple[str, ...]]
    labels: tuple[str, ...]


def read(path: pathlib.Path, names: Names) -> Iterator[Block]:
    """Reads a tar.gz as published, python or binary version, or its folder.

    The python version is pickles of `data` [n, 3072] and lists of labels. The
    binary version is records of K bytes of labels and 3072 of the image. The
    3072 are 32 rows of red, then of green, then of blue.

    Args:
      path: Exists.
      names: Of the files.

    Yields:
      Training images, then test images, in their stored order.

    Raises:
      RunError: It is damaged, or holds other files or another number of images.
    """
    with open_members(path) as members:
        files, suffix = _wanted(path, members, names)
    for split, batches in enumerate(names.batches):
        count = 0
        for batch in batches:
            parse = _parse_binary if suffix else _parse_pickle
            images, labels = parse(path, batch, files[batch + suffix], names)
            count += len(images)
            column = np.full((len(images), 1), split)
            yield images, np.concatenate([column, labels], axis=1)
        if count != NUM_IMAGES[split]:
            raise RunError(
                f"{path} has {count} images in {', '.join(batches)} and should "
                f"have {NUM_IMAGES[split]}; fetch it again."
            )


def read_jpegs(
    path: pathlib.Path, label_names: Sequence[str]
) -> Iterator[Block]:
    """Reads a part of CIFAR-10 that was kept as JPEG in an npz.

        train_bytes, train_offsets [n + 1], train_labels [n], test_..., classes

    Image i is train_bytes[train_offsets[i] : train_offsets[i + 1]].

    Args:
      path: Of the npz.
      label_names: What `classes` must be.

    Raises:
      RunError: It is damaged or holds anything else.
    """
    try:
        with np.load(path) as file:
            arrays = {key: file[key] for key in file.files}
        if arrays["classes"].tolist() != list(label_names):
            raise ValueError(f"its classes are {arrays['classes'].tolist()}")
        splits = [
            [
                arrays[f"{split}_{part}"]
                for part in ("bytes", "offsets", "labels")
            ]
            for split in _SPLITS
        ]
        if any(
            len(labels) + 1 != len(offsets) for _, offsets, labels in splits
        ):
            raise ValueError("there are more or fewer labels than images")
    except DAMAGE as error:
        raise RunError(
            f"{path} is damaged or no npz of CIFAR-10 as JPEG ({error})."
        ) from error
    for split, (content, offsets, labels) in enumerate(splits):
        jpegs = (
            (
                f"{_SPLITS[split]} image {i} of {path}",
                content[start:stop].tobytes(),
            )
            for i, (start, stop) in enumerate(itertools.pairwise(offsets))
        )
        for images, rows in pictures_blocks(jpegs, size=_PLANES[1:]):
            chosen = labels[rows].astype(np.int64)
            yield images, np.stack([np.full(len(rows), split), chosen], axis=1)


class _Array:
    """Stands for numpy's arrays and dtypes; only bytes [n, 3072] are wanted."""

    def __init__(self, *arguments):
        self.arguments, self.state = arguments, None

    def __setstate__(self, state):
        self.state = state

    def pixels(self) -> np.ndarray:
        """Raises ValueError if it is not a C-ordered array of uint8."""
        _, shape, dtype, fortran, content = self.state
        if dtype.arguments[0] != b"u1" or fortran:
            raise ValueError("its data are not uint8 in C order")
        return np.frombuffer(content, np.uint8).reshape(shape)


class _Unpickler(pickle.Unpickler):
    """Knows arrays of numpy, as a stand-in, and refuses all other classes."""

    def find_class(self, module, name):
        if (module, name) in (
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),  # numpy 2's name
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
        ):
            return _Array
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _wanted(
    path: pathlib.Path, members: Members, names: Names
) -> tuple[dict[str, bytes], str]:
    """The contents of the batches by name, and the suffix of their names."""
    found = {name.rpartition("/")[2]: name for name in members}
    batches = [batch for part in names.batches for batch in part]
    suffix = "" if batches[-1] in found else ".bin"
    missing = [b + suffix for b in batches if b + suffix not in found]
    if missing:
        raise RunError(
            f"{path} lacks {', '.join(missing)}; give the archive of the "
            "python or the binary version, or the folder that it unpacks to."
        )
    wanted = {found[batch + suffix] for batch in batches}
    # In their stored order, as a tar.gz is read from its start again to go
    # back in it.
    return {
        name.rpartition("/")[2]: read()
        for name, read in members.items()
        if name in wanted
    }, suffix


def _parse_pickle(
    path: pathlib.Path, batch: str, content: bytes, names: Names
) -> Block:
    """Images [n, 32, 32, 3] and labels [n, K] of a file of pickles."""
    try:
        # Python 2 wrote it: its strings are bytes.
        fields = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        planes = fields[b"data"].pixels().reshape(-1, *_PLANES)
        columns = [fields[label.encode()] for label in names.labels]
        labels = np.array(columns, np.int64).T
        if labels.shape != (len(planes), len(columns)):
            raise ValueError(f"{len(planes)} images, {labels.shape} labels")
    except (
        pickle.UnpicklingError,
        AttributeError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise RunError(
            f"{batch} in {path} is damaged or no pickle of CIFAR's ({error}); "
            "fetch it again."
        ) from error
    return planes.transpose(0, 2, 3, 1), labels


def _parse_binary(
    path: pathlib.Path, batch: str, content: bytes, names: Names
) -> Block:
    """Images [n, 32, 32, 3] and labels [n, K] of a file of records."""
    count = len(names.labels)
    if len(content) % (count + _BYTES):
        raise RunError(
            f"{batch}.bin in {path} has {len(content)} bytes, and whole "
            f"records have {count + _BYTES} each; fetch it again."
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, count + _BYTES)
    planes = records[:, count:].reshape(-1, *_PLANES)
    return planes.transpose(0, 2, 3, 1), records[:, :count].astype(np.int64)
