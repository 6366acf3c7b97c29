import io
import zipfile

import h5py
import numpy as np
import pytest

from tfdisent.data.array_blocks import stored_arrays
from tfdisent.errors import RunError

ARRAY = np.arange(20 * 3 * 4, dtype=np.uint8).reshape(20, 3, 4)


def npy(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


def read(path):
    with stored_arrays(path) as arrays:
        (array,) = arrays
        return [block.copy() for block in array.blocks()]


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("packed", [False, True])
def test_what_follows_an_array_is_left_alone(tmp_path, order, packed):
    path = tmp_path / "file"
    content = npy(np.asarray(ARRAY, order=order)) + b"more"
    if packed:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.npy", content)
    else:
        path.write_bytes(content)
    np.testing.assert_array_equal(np.concatenate(read(path)), ARRAY)
    path.write_bytes(npy(np.asarray(ARRAY, order=order))[:-1])
    with pytest.raises(RunError, match="damaged or cut short"):
        read(path)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"(20, 3, 4)", b"(-2, 3, 4)"),
        (b"(20, 3, 4)", b"(-2,-3, 4)"),
        (b"(20, 3, 4), }", b"(20, 3, 4), ("),  # No bracket is closed.
        (b"'shape': (", b"'shape': '''"),
    ],
)
def test_damaged_headers_are_named(tmp_path, version, old, new):
    content = npy(ARRAY, version)
    assert old in content
    path = tmp_path / "file"
    path.write_bytes(content.replace(old, new.ljust(len(old))))
    with pytest.raises(RunError, match=f"^{path} is damaged or cut short"):
        read(path)


@pytest.mark.parametrize("order", "CF")
def test_a_damaged_end_of_a_packed_array_is_found(tmp_path, order):
    path = tmp_path / "file"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy(np.asarray(ARRAY, order=order)))
        place = archive.start_dir + 16
    content = bytearray(path.read_bytes())
    content[place] ^= 1  # Of the checksum, which is noted here once more.
    path.write_bytes(content)
    with pytest.raises(RunError, match="CRC"):
        read(path)


@pytest.mark.parametrize("form", ["c.npy", "f.npy", "packed.npz", "a.h5"])
def test_large_images_come_in_blocks_of_64_megabytes(tmp_path, form):
    images = np.zeros((10, 4096, 4096), np.uint8)
    path = tmp_path / form
    if form.endswith(".h5"):
        with h5py.File(path, "w") as file:
            file.create_dataset("a", images.shape, np.uint8)
    elif form.endswith(".npz"):
        np.savez_compressed(path, a=images)
    else:
        np.save(path, np.asfortranarray(images) if form[0] == "f" else images)
    with stored_arrays(path) as (array,):
        sizes = [len(block) for block in array.blocks()]
    assert sizes == [4, 4, 2]
