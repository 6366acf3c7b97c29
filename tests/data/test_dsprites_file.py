import zipfile

import h5py
import numpy as np
import pytest

from tfdisent.data import dsprites_file
from tfdisent.errors import RunError, UsageError

SIZES = (3, 6, 40, 32, 32)
BLOCK = 1024


@pytest.fixture(scope="module")
def classes():
    order = np.indices(SIZES).reshape(5, -1).T
    return np.concatenate([np.zeros((len(order), 1), np.int64), order], axis=1)


def pixels(packed, start):
    block = packed[start : start + BLOCK]
    bits = np.unpackbits(block, axis=1, bitorder="little")
    return bits.reshape(-1, 64, 64)


def write_npz(path, packed, classes):
    """Writes what np.savez writes, without 3 GB in memory."""
    header = {
        "descr": "|u1",
        "fortran_order": False,
        "shape": (len(packed), 64, 64),
    }
    deflate = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 1}
    with zipfile.ZipFile(path, "w", **deflate) as archive:
        with archive.open("imgs.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(packed), BLOCK):
                file.write(pixels(packed, start).tobytes())
        with archive.open("latents_classes.npy", "w") as file:
            np.lib.format.write_array(file, classes)


def write_hdf5(path, packed, classes):
    with h5py.File(path, "w") as file:
        images = file.create_dataset(
            "imgs",
            (len(packed), 64, 64),
            "uint8",
            chunks=(BLOCK, 64, 64),
            compression="gzip",
            compression_opts=1,
        )
        for start in range(0, len(packed), BLOCK):
            images[start : start + BLOCK] = pixels(packed, start)
        file["latents/classes"] = classes


@pytest.mark.parametrize(
    "write", [write_npz, pytest.param(write_hdf5, marks=pytest.mark.slow)]
)
def test_a_whole_file_gives_the_same_images(tmp_path, packed, classes, write):
    path = tmp_path / "renamed"
    altered = packed.copy()
    altered[[5, 700_000], [100, 200]] ^= 1
    write(path, altered, classes)
    read, provenance = dsprites_file.read_packed(path)
    np.testing.assert_array_equal(read, altered)
    assert "unknown hash" in provenance
    assert "2 pixels differ from rendered" in provenance


@pytest.mark.parametrize("write", [write_npz, write_hdf5])
def test_a_file_cut_short_is_named(tmp_path, packed, classes, write):
    path = tmp_path / "short"
    write(path, packed[:20_000], classes)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(RunError, match="short is damaged or cut short"):
        dsprites_file.read_packed(path)


def test_an_altered_archive_is_named(tmp_path, packed, classes):
    path = tmp_path / "altered"
    write_npz(path, packed[:20_000], classes)
    content = bytearray(path.read_bytes())
    content[2000:2010] = bytes(10)
    path.write_bytes(content)
    with pytest.raises(RunError, match="altered is damaged"):
        dsprites_file.read_packed(path)


@pytest.mark.parametrize("write", [write_npz, write_hdf5])
def test_too_few_images_are_counted(tmp_path, packed, classes, write):
    write(tmp_path / "few", packed[:20_000], classes)
    with pytest.raises(RunError, match="holds 20000 images"):
        dsprites_file.read_packed(tmp_path / "few")


def test_another_order_is_refused(tmp_path, packed, classes):
    write_npz(tmp_path / "order", packed[:100], classes[::-1])
    with pytest.raises(RunError, match="order"):
        dsprites_file.read_packed(tmp_path / "order")


def test_a_file_without_images_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    with pytest.raises(RunError, match="other.npz is not dSprites"):
        dsprites_file.read_packed(tmp_path / "other.npz")


def test_another_format_is_refused(tmp_path):
    (tmp_path / "text").write_text("<html>not found</html>")
    with pytest.raises(RunError, match="neither npz nor hdf5"):
        dsprites_file.read_packed(tmp_path / "text")


def test_a_missing_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="is not a file"):
        dsprites_file.read_packed(tmp_path / "nothing")
