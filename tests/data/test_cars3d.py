import itertools
import math
import os

import numpy as np
import pytest
from archive_files import write_members
from matrix_files import CARS_SIDE as SIDE
from matrix_files import CARS_SIZES as SIZES
from matrix_files import car_matrices as car
from matrix_files import car_picture as picture_of
from matrix_files import cars_files as contents
from matrix_files import expect_few_cars
from matrix_files import matlab as mat
from PIL import Image

from tfdisent.data import cars3d
from tfdisent.data.cars3d import load_cars3d
from tfdisent.errors import RunError, UsageError

PUBLISHED_SIZES = cars3d.FACTOR_SIZES


@pytest.fixture(autouse=True)
def small(monkeypatch):
    expect_few_cars(monkeypatch)


@pytest.fixture
def archive(tmp_path):
    return write_members(tmp_path / "nips2015-analogy-data.tar.gz", contents())


@pytest.fixture
def folder(tmp_path):
    return write_members(tmp_path / "nips2015", contents())


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
    path = write_members(tmp_path / "other.tar.gz", files)
    with pytest.raises(RunError, match=r"other\.tar\.gz has 0 files"):
        load(path, tmp_path)


def test_missing_cars_are_counted(tmp_path):
    files = contents()
    del files["data/cars/car_018_mesh.mat"]
    with pytest.raises(RunError, match="3 files .* 4"):
        load(write_members(tmp_path / "a.tar.gz", files), tmp_path)
    with pytest.raises(RunError, match="3 files .* 4"):
        load(write_members(tmp_path / "a", files), tmp_path)


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
    path = write_members(tmp_path / "a.tar.gz", files)
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
