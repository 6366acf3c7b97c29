import hashlib

import h5py
import numpy as np
import pytest

from tfdisent.data import shapes3d, shapes3d_file
from tfdisent.errors import RunError, UsageError

# As the published file, but with fewer values of each factor.
SIZES = (2, 2, 3, 2, 2, 3)
VALUES = (
    (0.0, 0.1),
    (0.0, 0.1),
    (0.0, 0.1, 0.2),
    (0.75, 1.25),
    (0.0, 1.0),
    (-30.0, 0.0, 30.0),
)
IMAGES = np.random.default_rng(0).integers(0, 256, (144, 64, 64, 3), np.uint8)
LABELS = np.stack(
    [axis.ravel() for axis in np.meshgrid(*VALUES, indexing="ij")], axis=-1
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(shapes3d_file, "FACTOR_SIZES", SIZES)


def write(path, images=IMAGES, labels=LABELS):
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "images", data=images, chunks=(10, 64, 64, 3), compression=1
        )
        file["labels"] = labels
    return path


def test_images_are_read_with_their_factors(tmp_path):
    path = write(tmp_path / "a.h5")
    rows, factors, provenance = shapes3d_file.open_images(path, tmp_path)
    np.testing.assert_array_equal(rows[np.arange(144)], IMAGES)
    np.testing.assert_array_equal(
        factors, np.stack(np.unravel_index(np.arange(144), SIZES), axis=-1)
    )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert provenance == f"file of unknown hash a.h5 (sha256 {sha256[:8]})"


def test_they_are_unpacked_once(tmp_path, monkeypatch):
    path = write(tmp_path / "a.h5")
    shapes3d_file.open_images(path, tmp_path)
    monkeypatch.delattr(shapes3d_file, "stored_arrays")
    rows, _, _ = shapes3d_file.open_images(path, tmp_path)
    np.testing.assert_array_equal(rows[np.array([77])], IMAGES[[77]])


def test_the_hash_makes_it_the_original(tmp_path, monkeypatch):
    path = write(tmp_path / "renamed")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(shapes3d_file, "_SHA256", sha256)
    _, _, provenance = shapes3d_file.open_images(path, tmp_path)
    assert provenance == f"original h5 (sha256 {sha256[:8]})"


def swapped_orientations():
    labels = LABELS.copy()
    labels[:, 5] = labels[:, 5].reshape(-1, 3)[:, [1, 0, 2]].ravel()
    return labels


def first_factor_fastest():
    return np.stack(
        [a.ravel(order="F") for a in np.meshgrid(*VALUES, indexing="ij")], -1
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": swapped_orientations()}, "labels of column 5"),
        ({"labels": first_factor_fastest()}, "labels of column 0"),
        ({"labels": LABELS[:, :5]}, r"3dshapes.h5 holds labels \(144, 6\)"),
        ({"images": IMAGES[:100]}, r"holds images \(144, 64, 64, 3\)"),
        ({"images": IMAGES.astype(np.float32)}, "images of float32"),
    ],
)
def test_what_is_not_3d_shapes_is_refused(tmp_path, change, said):
    path = write(tmp_path / "other.h5", **change)
    with pytest.raises(RunError, match=said):
        shapes3d_file.open_images(path, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("size", [1000, 100_000, -2000])
def test_a_file_that_is_cut_short_is_named(tmp_path, size):
    path = write(tmp_path / "short.h5")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(RunError, match=r"short\.h5 is damaged or cut short"):
        shapes3d_file.open_images(path, tmp_path / "cache")


def test_another_format_and_a_missing_file_are_named(tmp_path):
    text = tmp_path / "3dshapes.h5"
    text.write_text("<html>not found</html>")
    with pytest.raises(UsageError, match="neither npy, npz nor hdf5"):
        shapes3d_file.open_images(text, tmp_path)
    with pytest.raises(UsageError, match="missing.h5 is not a file"):
        shapes3d_file.open_images(tmp_path / "missing.h5", tmp_path)


def test_the_loader_reads_it(tmp_path, monkeypatch):
    monkeypatch.setattr(shapes3d.renderer, "FACTOR_SIZES", SIZES)
    monkeypatch.setattr(
        shapes3d, "VALUE_NAMES", {"shape": ("cube", "cylinder")}
    )
    dataset = shapes3d.load_shapes3d(
        data_file=str(write(tmp_path / "a.h5")), data_dir=str(tmp_path)
    )
    assert dataset.is_product and len(dataset) == 144
    index = dataset.indices_of(np.array([(1, 0, 2, 1, 0, 2)]))
    np.testing.assert_array_equal(dataset.images(index), IMAGES[index])
    assert "unknown hash" in dataset.provenance
