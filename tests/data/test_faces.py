import pickle
import struct
from collections import OrderedDict

import h5py
import numpy as np
import pytest
from archive_files import write_members
from picture_archives import olivetti_picture, olivetti_pictures
from PIL import Image

from tfdisent.data import array_blocks, faces
from tfdisent.data.faces import load_faces_basel, load_faces_olivetti
from tfdisent.errors import RunError, UsageError

SIZES = (2, 3, 2, 2)
GRID = np.random.default_rng(0).integers(0, 256, (*SIZES, 64, 64), np.uint8)


class Tensor:
    """Pickled by the names of PyTorch's classes, which is not installed."""

    def __init__(self, array):
        self.array = array


class Pickler(pickle._Pickler):
    def save(self, value, *args, **kwargs):
        if isinstance(value, Tensor):
            self.write(b"ctorch._utils\n_rebuild_tensor_v2\n")
            storage = "Storage", value.array.size
            part = 0, value.array.shape, value.array.strides
            self.save((storage, *part, False, OrderedDict()))
            self.write(pickle.REDUCE)
        elif value == "ByteStorage":
            self.write(b"ctorch\nByteStorage\n")
        else:
            super().save(value, *args, **kwargs)

    def persistent_id(self, value):
        if isinstance(value, tuple) and value[:1] == ("Storage",):
            return "storage", "ByteStorage", "0", "cpu", value[1], None


def write_pth(path, array):
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    with path.open("wb") as file:
        for part in [*head, Tensor(array), ["0"]]:
            Pickler(file, protocol=2).dump(part)
        file.write(struct.pack("<q", array.size) + array.tobytes())


def write_grid(path, array):
    match path.suffix:
        case ".pth":
            write_pth(path, array)
        case ".npy":
            np.save(path, array)
        case ".npz":
            np.savez_compressed(path, other=np.arange(3), images=array)
        case ".h5":
            with h5py.File(path, "w") as file:
                file["latents/identity"] = np.arange(2)
                file["deep/images"] = array
    return path


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(faces, "_BASEL_SIZES", SIZES)
    monkeypatch.setattr(array_blocks, "_ROWS_PER_READ", 5)


def load(path, tmp_path):
    return load_faces_basel(data_file=str(path), data_dir=str(tmp_path / "d"))


@pytest.mark.parametrize(
    "shape", [GRID.shape, (24, 64, 64), (24, 1, 64, 64), (24, 64, 64, 1)]
)
@pytest.mark.parametrize("suffix", [".pth", ".npy", ".npz", ".h5"])
def test_basel_faces_are_a_product(tmp_path, few, suffix, shape):
    path = write_grid(tmp_path / f"faces{suffix}", GRID.reshape(shape))
    dataset = load(path, tmp_path)
    assert dataset.is_product
    assert dataset.factor_names == (
        "identity",
        "azimuth",
        "elevation",
        "lighting",
    )
    assert dataset.factor_sizes == SIZES
    np.testing.assert_array_equal(
        dataset.images(np.arange(24)), GRID.reshape(24, 64, 64, 1)
    )
    image = dataset.images(dataset.indices_of([[1, 2, 0, 1]]))[0, ..., 0]
    np.testing.assert_array_equal(image, GRID[1, 2, 0, 1])
    assert f"file of unknown hash faces{suffix}" in dataset.provenance


def test_the_published_grid_is_127050_images():
    assert np.prod(faces._BASEL_SIZES) == 127_050


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (GRID[:1], r"uint8 \[1, 3, 2, 2, 64, 64\]"),
        (GRID / np.float32(255), r"float32 \[2, 3, 2, 2, 64, 64\]"),
        (GRID[..., :32], r"uint8 \[2, 3, 2, 2, 64, 32\]"),
    ],
)
def test_tells_what_else_a_file_holds(tmp_path, few, array, told):
    path = write_grid(tmp_path / "a.h5", array)
    with pytest.raises(UsageError, match=rf"{told}.* uint8 \[2, 3, 2, 2, 64, "):
        load(path, tmp_path)


@pytest.mark.parametrize("suffix", [".pth", ".npy", ".npz", ".h5"])
@pytest.mark.parametrize("part", [0.001, 0.5, 0.98])
def test_tells_of_a_basel_file_that_is_cut_short(tmp_path, few, suffix, part):
    path = write_grid(tmp_path / f"faces{suffix}", GRID)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises((RunError, UsageError), match=rf"^\S*faces{suffix} "):
        load(path, tmp_path)
    assert not list((tmp_path / "d").glob("faces_basel_*"))


@pytest.mark.parametrize("form", ["att_faces.zip", "att_faces"])
def test_olivetti_faces_are_a_product(tmp_path, form):
    path = write_members(tmp_path / form, olivetti_pictures())
    dataset = load_faces_olivetti(
        data_file=str(path), data_dir=str(tmp_path / "d")
    )
    assert dataset.is_product
    assert dataset.factor_names == ("person", "shot")
    assert dataset.factor_sizes == (40, 10)
    assert dataset.image_shape == (64, 64, 1)
    images = dataset.images(np.arange(400))[..., 0]
    persons, shots = np.indices((40, 10)).reshape(2, -1) + 1
    np.testing.assert_array_equal(
        images[:, 29, 34], (6 * persons + shots) % 251
    )
    # Of 112 rows the first and the last 10 are left out.
    slow = Image.fromarray(olivetti_picture(1, 1)).crop((0, 10, 92, 102))
    slow = np.array(slow.resize((64, 64), Image.BICUBIC))
    np.testing.assert_array_equal(images[0], slow)


def test_tells_of_other_olivetti_files(tmp_path):
    files = olivetti_pictures("")
    files["s41/1.pgm"] = files.pop("s40/10.pgm")
    path = write_members(tmp_path / "att_faces", files)
    options = {"data_file": str(path), "data_dir": str(tmp_path / "d")}
    with pytest.raises(RunError, match="has 399 pictures .* must have 400"):
        load_faces_olivetti(**options)
    (path / "s40/10.pgm").write_bytes(b"P5 92 112 255\n, and no more")
    with pytest.raises(RunError, match="1 of 400 pictures .*s40/10.pgm"):
        load_faces_olivetti(**options)


def test_says_which_files_to_give():
    with pytest.raises(UsageError, match="give basel_face_renders.pth.*tcvae"):
        load_faces_basel()
    with pytest.raises(UsageError, match="give att_faces.zip from https://cam"):
        load_faces_olivetti()


def test_olivetti_faces_that_are_left_out_are_counted(tmp_path):
    files = olivetti_pictures()
    for name in list(files)[:3]:
        files[name] = b"nothing"
    path = write_members(tmp_path / "att_faces", files)
    for _ in range(2):
        dataset = load_faces_olivetti(
            data_file=str(path),
            data_dir=str(tmp_path / "d"),
            skip_unreadable=True,
        )
        assert ", 3 unreadable left out, centre" in dataset.provenance
