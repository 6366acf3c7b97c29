import hashlib
import zipfile

import numpy as np
import pytest

from tfdisent.data import mpi3d_file
from tfdisent.data.mpi3d import load_mpi3d_real, load_mpi3d_toy
from tfdisent.errors import RunError, UsageError

SIZES = (6, 1, 2, 1, 1, 2, 1)
IMAGES = np.random.default_rng(0).integers(
    0, 256, (24, 64, 64, 3), dtype=np.uint8
)
WRITE = {"stored": np.savez, "compressed": np.savez_compressed}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(mpi3d_file, "SIZES_OF_LENGTH", {24: SIZES})


@pytest.fixture
def write(tmp_path):
    def write(kind="stored", **arrays):
        path = tmp_path / "mpi.npz"
        WRITE[kind](path, **(arrays or {"images": IMAGES}))
        return path

    return write


@pytest.fixture
def load(tmp_path):
    def load(path, loader=load_mpi3d_toy):
        return loader(data_file=str(path), data_dir=str(tmp_path / "kept"))

    return load


@pytest.mark.parametrize("kind", WRITE)
def test_it_reads_the_images_in_the_order_of_the_factors(write, load, kind):
    dataset = load(write(kind))
    assert dataset.name == "mpi3d_toy"
    assert dataset.factor_sizes == SIZES and dataset.is_product
    assert len(dataset) == 24
    indices = np.array([23, 0, 7, 7])
    np.testing.assert_array_equal(dataset.images(indices), IMAGES[indices])
    np.testing.assert_array_equal(
        dataset.factors_of(indices),
        np.stack(np.unravel_index(indices, SIZES), axis=-1),
    )
    # Names only where there are as many values as were published.
    assert dataset.value_names.keys() == {"object_color", "object_size"}


def test_an_archive_that_is_not_compressed_is_not_copied(write, load, tmp_path):
    path = write("stored")
    assert load(path).storage == str(path)
    kept = sum(p.stat().st_size for p in (tmp_path / "kept").rglob("*"))
    assert kept < 10_000


def test_a_compressed_archive_is_unpacked_once(write, load, monkeypatch):
    path = write("compressed")
    storage = load(path).storage
    monkeypatch.setattr(mpi3d_file, "_unpacked", None)
    again = load(path)
    assert again.storage == storage != str(path)
    np.testing.assert_array_equal(again.images(np.arange(24)), IMAGES)


def test_other_arrays_before_the_images_do_no_harm(write, load):
    dataset = load(write(first=np.arange(1000), images=IMAGES))
    np.testing.assert_array_equal(dataset.images([5]), IMAGES[[5]])


def test_all_of_it_is_read_the_first_time_only(write, load, monkeypatch):
    path = write()
    load(path)
    monkeypatch.setattr(mpi3d_file, "_md5", None)
    assert load(path).provenance.startswith("file of unknown hash mpi.npz")


def test_a_file_that_has_changed_is_read_again(write, load):
    path = write()
    load(path)
    flip(path, 100_000)
    with pytest.raises(RunError, match="damaged"):
        load(path)


def test_without_a_place_for_notes_it_is_read_each_time(
    write, tmp_path, caplog
):
    (tmp_path / "file").write_text("")
    dataset = load_mpi3d_toy(
        data_file=str(write()), data_dir=str(tmp_path / "file")
    )
    np.testing.assert_array_equal(dataset.images([3]), IMAGES[[3]])
    assert "--data_dir" in caplog.text


def test_a_published_hash_makes_it_the_original(write, load, monkeypatch):
    path = write()
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    monkeypatch.setattr(mpi3d_file, "_MD5", {md5: "mpi3d_toy"})
    assert load(path).provenance == f"original npz (md5 {md5[:8]})"
    with pytest.raises(UsageError, match="is mpi3d_toy.*--dataset=mpi3d_toy"):
        load(path, load_mpi3d_real)


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("kind", WRITE)
# In the array's header, the images, and the archive's table: whether they are
# encrypted, their checksum, where they are.
@pytest.mark.parametrize("place", [70, 100_000, 200_000, -70, -62, -36])
def test_a_flipped_bit_is_found(write, load, kind, place):
    path = write(kind)
    flip(path, place)
    with pytest.raises(RunError, match=r"mpi\.npz is damaged or cut short"):
        load(path)


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("size", [3, 1000, 150_000, -1])
def test_a_truncated_archive_is_found(write, load, kind, size, tmp_path):
    path = write(kind)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(RunError, match=r"mpi\.npz is damaged or cut short"):
        load(path)
    assert not list((tmp_path / "kept").rglob("images.npy"))


def test_a_member_that_is_shorter_than_its_header_says_is_found(write, load):
    path = write()
    with zipfile.ZipFile(path) as archive:
        member = archive.read("images.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", member[:-1])
    with pytest.raises(RunError, match="damaged or cut short"):
        load(path)


@pytest.mark.parametrize(
    "arrays, found",
    [
        ({"images": IMAGES[:23]}, r"uint8 \(23, 64, 64, 3\)"),
        ({"images": IMAGES.astype(np.int8)}, "int8"),
        ({"images": IMAGES[:, :32]}, r"\(24, 32, 64, 3\)"),
        ({"images": np.asfortranarray(IMAGES)}, "in C order"),
        ({"images": np.uint8(3)}, r"uint8 \(\)"),
        ({"imgs": IMAGES}, r"holds imgs\.npy"),
    ],
)
def test_another_content_is_named(write, load, arrays, found):
    with pytest.raises(RunError, match=found):
        load(write(**arrays))


def test_what_is_no_archive_is_named(load, tmp_path):
    path = tmp_path / "mpi.npz"
    for content in (b"", b"\x93NUMPY" + bytes(5000)):
        path.write_bytes(content)
        with pytest.raises(RunError, match=r"mpi\.npz is not an npz"):
            load(path)


@pytest.mark.parametrize("name", ["missing.npz", "."])
def test_a_path_that_is_no_file_is_named(load, tmp_path, name):
    with pytest.raises(UsageError, match="is not a file.*mpi3d_rendered"):
        load(tmp_path / name)


def test_the_published_lengths_fit_their_factors(monkeypatch):
    monkeypatch.undo()
    for length, sizes in mpi3d_file.SIZES_OF_LENGTH.items():
        assert np.prod(sizes) == length
