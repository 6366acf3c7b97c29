import os
import pickle

import cifar_archives
import numpy as np
import pytest
from archive_files import write_members

from tfdisent.data import cifar_files
from tfdisent.data.cifar_files import Names
from tfdisent.errors import RunError

NAMES = Names(batches=(("data_batch_1",), ("test_batch",)), labels=("labels",))
BATCHES = ["data_batch_1", "test_batch"]
IMAGES, LABELS = cifar_archives.examples("cifar10")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(cifar_files, "NUM_IMAGES", (10, 4))


def written(path):
    return cifar_archives.written(path, "cifar10", IMAGES, LABELS, BATCHES)


def read(path):
    blocks = list(cifar_files.read(path, NAMES))
    return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]


def with_batch(path, content):
    """A folder whose test batch has another content."""
    written(path)
    (path / "test_batch").write_bytes(content)
    return path


def test_the_pickles_of_these_tests_are_what_numpy_reads():
    content = cifar_archives.pickled("cifar10", IMAGES, LABELS)
    fields = pickle.loads(content, encoding="bytes")
    planes = fields[b"data"].reshape(-1, 3, 32, 32)
    np.testing.assert_array_equal(planes.transpose(0, 2, 3, 1), IMAGES)
    assert fields[b"labels"] == LABELS[:, 0].tolist()


@pytest.mark.parametrize("form", ["python.tar.gz", "binary.tar.gz"])
def test_reads_images_and_factors(tmp_path, form):
    images, factors = read(written(tmp_path / form))
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(
        factors, np.column_stack([[0] * 10 + [1] * 4, LABELS])
    )


class Attack:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.mkdir, ["hacked"]),
        (eval, ["__import__('os').mkdir('hacked')"]),
        (getattr, [dict, "fromkeys"]),
        (np.fromfile, ["/etc/hosts"]),
        (np.load, ["/etc/hosts"]),
    ],
)
def test_pickles_call_nothing(tmp_path, monkeypatch, function, arguments):
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps({"data": Attack(function, *arguments)}, 2)
    path = with_batch(tmp_path / "python", content)
    asked = rf"\(it asks for \S*{function.__name__}\); fetch"
    with pytest.raises(RunError, match=f"^test_batch in .*{asked}"):
        read(path)
    assert not (tmp_path / "hacked").exists()


SIGNED = IMAGES[10:].reshape(4, -1).view(np.int8)
FLOATS = IMAGES[10:].reshape(4, -1).astype(np.float32)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {b"data": [1, 2], b"labels": [1, 2]},
        {b"data": FLOATS, b"labels": [0, 0, 0, 0]},
        {b"data": SIGNED, b"labels": [0, 0, 0, 0]},
        {b"data": IMAGES[10:].reshape(4, -1), b"labels": [0, 0, 0]},
        {b"data": IMAGES[10:].reshape(4, -1), b"labels": [b"a"] * 4},
        {b"data": IMAGES[10:, :, :31].reshape(4, -1), b"labels": [0] * 4},
        {b"data": IMAGES[10:].reshape(4, -1)},
        [1],
    ],
)
def test_tells_of_pickles_of_something_else(tmp_path, fields):
    content = cifar_archives.dumped(fields)
    path = with_batch(tmp_path / "python", content)
    with pytest.raises(
        RunError, match="^test_batch in .* no pickle of CIFAR's"
    ):
        read(path)


def test_tells_of_pickles_in_fortran_order(tmp_path):
    fields = {b"data": np.zeros((4, 3072), np.uint8), b"labels": [0] * 4}
    content = cifar_archives.dumped(fields)
    assert content.count(b"b\x89") == 1  # After the dtype: it is not Fortran's.
    content = content.replace(b"b\x89", b"b\x88")
    path = with_batch(tmp_path / "python", content)
    with pytest.raises(RunError, match="not uint8 in C order"):
        read(path)


@pytest.mark.parametrize("length", [0, 10, 500, -1])
def test_tells_of_pickles_that_are_cut_short(tmp_path, length):
    content = cifar_archives.pickled("cifar10", IMAGES[10:], LABELS[10:])
    path = with_batch(tmp_path / "python", content[:length])
    with pytest.raises(RunError, match="^test_batch in .* is damaged"):
        read(path)


def test_tells_of_records_that_are_cut_short(tmp_path):
    path = written(tmp_path / "binary")
    file = path / "test_batch.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(
        RunError, match="test_batch.bin .* 12291 bytes.* 3073 e"
    ):
        read(path)
    file.write_bytes(b"")
    with pytest.raises(
        RunError, match="has 0 images in test_batch and should h"
    ):
        read(path)


def test_names_the_batches_that_are_missing(tmp_path):
    path = write_members(tmp_path / "folder", {"readme.html": b""})
    with pytest.raises(
        RunError, match="folder lacks data_batch_1.bin, test_batch.bin; give"
    ):
        read(path)
    path = written(tmp_path / "python")
    (path / "data_batch_1").unlink()
    with pytest.raises(RunError, match="python lacks data_batch_1; give"):
        read(path)


def jpegs(tmp_path, **other):
    path = cifar_archives.written_as_jpegs(tmp_path / "a.npz", IMAGES, LABELS)
    with np.load(path) as file:
        arrays = {**file, **other}
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    return path, arrays["classes"].tolist()


def test_reads_jpegs(tmp_path):
    flat = np.broadcast_to(
        16 * np.arange(14)[:, None, None, None], IMAGES.shape
    )
    path = cifar_archives.written_as_jpegs(
        tmp_path / "a.npz", flat.astype(np.uint8), LABELS
    )
    with np.load(path) as file:
        names = file["classes"].tolist()
    blocks = list(cifar_files.read_jpegs(path, names))
    images, factors = map(np.concatenate, zip(*blocks, strict=True))
    np.testing.assert_allclose(images.astype(int), flat, atol=1)
    np.testing.assert_array_equal(
        factors, np.column_stack([[0] * 10 + [1] * 4, LABELS])
    )


@pytest.mark.parametrize(
    "other",
    [
        {"classes": np.array(["cat"])},
        {"test_bytes": None},
        {"test_labels": np.array([1])},
        {"classes": np.array([{}])},
    ],
)
def test_tells_of_an_npz_of_something_else(tmp_path, other):
    _, names = jpegs(tmp_path)
    path, _ = jpegs(tmp_path, **other)
    with pytest.raises(
        RunError, match="a.npz is damaged or no npz of CIFAR-10"
    ):
        list(cifar_files.read_jpegs(path, names))


def test_tells_of_damaged_jpegs(tmp_path):
    path, names = jpegs(tmp_path)
    with np.load(path) as file:
        content = file["test_bytes"].copy()
    content[:5] = 0
    path, _ = jpegs(tmp_path, test_bytes=content)
    with pytest.raises(
        RunError, match="1 of 4 pictures .*test image 0 of .*a.npz"
    ):
        list(cifar_files.read_jpegs(path, names))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RunError, match="a.npz is damaged or no npz"):
        list(cifar_files.read_jpegs(path, names))
