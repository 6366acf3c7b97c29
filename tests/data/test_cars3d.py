import io
import itertools
import math
import os
import tarfile

import numpy as np
import pytest
import scipy.io
from PIL import Image

from tfdisent.data import cars3d
from tfdisent.data.cars3d import load_cars3d
from tfdisent.errors import RunError, UsageError

PUBLISHED_SIZES = cars3d.FACTOR_SIZES
SIZES = (2, 3, 4)
SIDE = 16


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(cars3d, "FACTOR_SIZES", SIZES)
    monkeypatch.setattr(cars3d, "_SIDE", SIDE)


def picture_of(factors):
    """A picture [16, 16, 3] that no other factors have."""
    seed = np.ravel_multi_index(tuple(factors), SIZES)
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)


def car(number):
    """The bytes of a car's file."""
    im = np.zeros((SIDE, SIDE, 3, SIZES[1], SIZES[0]), np.uint8)
    for azimuth in range(SIZES[1]):
        for elevation in range(SIZES[0]):
            factors = (elevation, azimuth, number)
            im[..., azimuth, elevation] = picture_of(factors)
    return mat(im=im, mask=im[:, :, 0] > 9)


def mat(**matrices):
    file = io.BytesIO()
    scipy.io.savemat(file, matrices, do_compression=True)
    return file.getvalue()


# Object 0 is that of the first name; the archive has them in another order.
NAMES = {7: 0, 18: 1, 100: 2, 199: 3}


def contents():
    """The files of what was published, in the order of the archive."""
    files = {"data/shapes48.mat": mat(shapes=np.zeros(3))}
    for name in (100, 7, 199, 18):
        files[f"data/cars/car_{name:03}_mesh.mat"] = car(NAMES[name])
    return files | {"data/cars/list.txt": b"", "data/sprites/a.mat": b"x"}


def packed(files, path):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def unpacked(files, path):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


@pytest.fixture
def archive(tmp_path):
    return packed(contents(), tmp_path / "nips2015-analogy-data.tar.gz")


@pytest.fixture
def folder(tmp_path):
    return unpacked(contents(), tmp_path / "nips2015")


def load(path, tmp_path, **options):
    return load_cars3d(
        data_file=str(path), data_dir=str(tmp_path / "kept"), **options
    )


def check(dataset):
    assert dataset.is_product and len(dataset) == math.prod(SIZES)
    for index, factors in enumerate(itertools.product(*map(range, SIZES))):
        np.testing.assert_array_equal(dataset.factors_of([index]), [factors])
        (image,) = dataset.images([index])
        np.testing.assert_array_equal(image, picture_of(factors))


def test_the_archive_is_a_product_of_views_and_cars(archive, tmp_path):
    dataset = load(archive, tmp_path, image_size=SIDE)
    assert dataset.factor_names == ("elevation", "azimuth", "object")
    check(dataset)


@pytest.mark.parametrize("part", ["", "data", "data/cars"])
def test_the_unpacked_folder_gives_the_same(folder, tmp_path, part):
    check(load(folder / part, tmp_path, image_size=SIDE))


def test_the_published_set_has_17568_images():
    assert PUBLISHED_SIZES == (4, 24, 183)
    assert math.prod(PUBLISHED_SIZES) == 17_568


def test_pictures_are_reduced_by_the_filter_of_the_study(archive, tmp_path):
    dataset = load(archive, tmp_path, image_size=8)
    assert dataset.image_shape == (8, 8, 3)
    factors = np.array([[1, 2, 3]])
    (image,) = dataset.images(dataset.indices_of(factors))
    expected = Image.fromarray(picture_of(factors[0]))
    expected.thumbnail((8, 8), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(image, np.array(expected))


def test_images_are_64_by_64_unless_asked(archive, tmp_path):
    assert load(archive, tmp_path).image_shape == (64, 64, 3)


def test_an_archive_of_unknown_hash_is_not_called_the_original(
    archive, folder, tmp_path
):
    assert "unknown hash" in load(archive, tmp_path).provenance
    assert "unpacked from the folder" in load(folder, tmp_path).provenance


def test_a_folder_with_a_changed_file_is_unpacked_anew(folder, tmp_path):
    load(folder, tmp_path, image_size=SIDE)
    path = folder / "data/cars/car_007_mesh.mat"
    path.write_bytes(car(3))
    os.utime(path, ns=(1, 1))
    (image,) = load(folder, tmp_path, image_size=SIDE).images([0])
    np.testing.assert_array_equal(image, picture_of((0, 0, 3)))


@pytest.mark.parametrize("left", [0.9, 0.5, 0.01])
def test_an_archive_that_is_cut_short_is_named(archive, tmp_path, left):
    content = archive.read_bytes()
    archive.write_bytes(content[: int(left * len(content))])
    with pytest.raises(RunError, match=str(archive)):
        load(archive, tmp_path)
    assert list((tmp_path / "kept").iterdir()) == []


def test_another_archive_is_named(tmp_path):
    files = {"data/a.mat": b"x"}
    path = packed(files, tmp_path / "other.tar.gz")
    with pytest.raises(RunError, match=r"other\.tar\.gz has 0 files"):
        load(path, tmp_path)


def test_missing_cars_are_counted(tmp_path):
    files = contents()
    del files["data/cars/car_018_mesh.mat"]
    with pytest.raises(RunError, match="3 files .* 4"):
        load(packed(files, tmp_path / "a.tar.gz"), tmp_path)
    with pytest.raises(RunError, match="3 files .* 4"):
        load(unpacked(files, tmp_path / "a"), tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no matrix",
        car(0)[:500],
        mat(other=np.zeros(3)),
        mat(im=np.zeros((SIDE, SIDE, 3, 3, 2))),
        mat(im=np.zeros((SIDE, SIDE, 3, 2, 3), np.uint8)),
    ],
    ids=["empty", "text", "cut", "no im", "floats", "other views"],
)
def test_a_file_that_is_not_a_car_is_named(tmp_path, content):
    files = contents() | {"data/cars/car_018_mesh.mat": content}
    path = packed(files, tmp_path / "a.tar.gz")
    with pytest.raises(RunError, match=r"car_018_mesh\.mat"):
        load(path, tmp_path)
    assert list((tmp_path / "kept").iterdir()) == []


def test_without_a_file_it_says_what_to_give():
    with pytest.raises(UsageError, match=r"nips2015-analogy-data\.tar\.gz"):
        load_cars3d()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="missing"):
        load(tmp_path / "missing", tmp_path)


def test_a_size_of_no_pixels_is_refused(archive, tmp_path):
    with pytest.raises(UsageError, match="--image_size=0"):
        load(archive, tmp_path, image_size=0)
