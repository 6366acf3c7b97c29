"""Writes CIFAR-10 and CIFAR-100 in the forms in which they are published."""

import io
import pickle

import numpy as np
from archive_files import encoded, write_members

from tfdisent.data.cifar_labels import CIFAR10

_BATCHES10 = [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]
_BATCHES100 = ["train", "test"]


def examples(name):
    """10 images for training and 4 for testing, and their labels [14, K]."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (14, 32, 32, 3), dtype=np.uint8)
    sizes = [10] if name == "cifar10" else [20, 100]
    return images, rng.integers(0, sizes, (14, len(sizes)))


def written(path, name, images, labels, batches=None):
    """Writes a tar.gz or a folder, of what the path's name starts with."""
    batches = batches or (_BATCHES10 if name == "cifar10" else _BATCHES100)
    splits = [*np.split(np.arange(10), len(batches) - 1), np.arange(10, 14)]
    binary = path.name.startswith("binary")
    # Neither sorted nor alone, as in the published archives.
    contents = {f"{name}/readme.html": b"<html>"}
    for batch, chosen in reversed(list(zip(batches, splits, strict=True))):
        if binary:
            content = records(images[chosen], labels[chosen])
            contents[f"{name}/{batch}.bin"] = content
        else:
            content = pickled(name, images[chosen], labels[chosen])
            contents[f"{name}/{batch}"] = content
    if ".tar" not in path.name:
        contents = {key.partition("/")[2]: contents[key] for key in contents}
    return write_members(path, contents)


def records(images, labels):
    """A file of the binary version."""
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    return np.concatenate([labels.astype(np.uint8), planes], axis=1).tobytes()


def pickled(name, images, labels):
    """A file of the python version."""
    keys = ["labels"] if name == "cifar10" else ["coarse_labels", "fine_labels"]
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    fields = {b"batch_label": b"a batch", b"data": planes}
    for key, column in zip(keys, labels.T.tolist(), strict=True):
        fields[key.encode()] = column
    fields[b"filenames"] = [b"%d.png" % i for i in range(len(images))]
    return dumped(fields)


class _Python2Pickler(pickle._Pickler):
    """Writes strings and arrays of uint8 as Python 2 and its numpy did."""

    def save(self, value, *args, **kwargs):
        if isinstance(value, bytes):
            self.write(b"T" + len(value).to_bytes(4, "little") + value)
        elif isinstance(value, np.ndarray):
            self.write(b"cnumpy.core.multiarray\n_reconstruct\n")
            self.write(b"(cnumpy\nndarray\n(K\x00tU\x01btR")
            self.write(b"(K\x01")
            self.save(value.shape)
            kind = value.dtype.str.encode()[1:]
            self.write(b"cnumpy\ndtype\n(U\x02%sK\x00K\x01tR" % kind)
            self.write(
                b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
            )
            self.write(b"\x89")  # False: the order is C's.
            self.save(value.tobytes())
            self.write(b"tb")
        else:
            super().save(value, *args, **kwargs)

    def memoize(self, value):
        """Does nothing: no value is written twice."""


def dumped(value):
    """Pickles as Python 2 did."""
    file = io.BytesIO()
    _Python2Pickler(file, protocol=2).dump(value)
    return file.getvalue()


def written_as_jpegs(path, images, labels):
    """Writes an npz of JPEGs, the first 10 for training."""
    arrays = {"classes": np.array(CIFAR10)}
    for split, part in (("train", slice(10)), ("test", slice(10, 14))):
        jpegs = [encoded(image, "JPEG") for image in images[part]]
        arrays[f"{split}_bytes"] = np.frombuffer(b"".join(jpegs), np.uint8)
        arrays[f"{split}_offsets"] = np.cumsum([0, *map(len, jpegs)])
        arrays[f"{split}_labels"] = labels[part, 0].astype(np.uint8)
    np.savez(path, **arrays)
    return path
