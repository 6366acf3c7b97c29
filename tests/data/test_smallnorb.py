import gzip
import itertools
import math

import numpy as np
import pytest
from archive_files import write_members
from matrix_files import NORB_SIZES as SIZES
from matrix_files import expect_few_toys, norb_files
from matrix_files import norb_half as half_of
from matrix_files import norb_matrix as matrix
from matrix_files import toy_picture as picture_of

from tfdisent.data import smallnorb_file
from tfdisent.data.smallnorb import load_smallnorb
from tfdisent.errors import RunError, UsageError

PUBLISHED_SIZES = smallnorb_file.FACTOR_SIZES


@pytest.fixture(autouse=True)
def small(monkeypatch):
    expect_few_toys(monkeypatch)
    monkeypatch.setattr(smallnorb_file, "_PAIRS_PER_READ", 5)


@pytest.fixture(params=["", ".gz"], ids=["mat", "mat.gz"])
def folder(request, tmp_path):
    pack = gzip.compress if request.param else bytes
    files = {
        f"{name}{request.param}": pack(content)
        for name, content in norb_files().items()
    }
    return write_members(tmp_path / "norb", files)


def load(folder, tmp_path, **options):
    return load_smallnorb(
        data_file=str(folder), data_dir=str(tmp_path / "data"), **options
    )


def file_of(folder, part):
    (path,) = folder.glob(f"*{part}.mat*")
    return path


def content_of(path):
    packed = path.read_bytes()
    return gzip.decompress(packed) if path.suffix == ".gz" else packed


def write(path, content):
    path.write_bytes(
        gzip.compress(content) if path.suffix == ".gz" else content
    )


def test_all_toys_are_a_product_with_the_left_pictures(folder, tmp_path):
    dataset = load(folder, tmp_path, image_size=96)
    assert dataset.factor_names == (
        "category",
        "instance",
        "elevation",
        "azimuth",
        "lighting",
    )
    assert dataset.is_product and len(dataset) == math.prod(SIZES)
    assert dataset.image_shape == (96, 96, 1)
    for index, factors in enumerate(itertools.product(*map(range, SIZES))):
        np.testing.assert_array_equal(dataset.factors_of([index]), [factors])
        (image,) = dataset.images([index])
        np.testing.assert_array_equal(image[..., 0], picture_of(factors))


def test_the_published_set_has_48600_images():
    assert PUBLISHED_SIZES == (5, 10, 9, 18, 6)
    assert math.prod(PUBLISHED_SIZES) == 48_600


@pytest.mark.parametrize("size", [32, 48])
def test_pixels_are_averages_over_areas(folder, tmp_path, size):
    dataset = load(folder, tmp_path, image_size=size)
    factors = np.array([[1, 0, 2, 3, 0]])
    (image,) = dataset.images(dataset.indices_of(factors))
    width = 96 // size
    cells = picture_of(factors[0]).reshape(size, width, size, width)
    np.testing.assert_allclose(image[..., 0], cells.mean((1, 3)), atol=1)


def test_images_are_64_by_64_unless_asked(folder, tmp_path):
    assert load(folder, tmp_path).image_shape == (64, 64, 1)


def test_other_sizes_are_kept_beside(folder, tmp_path):
    sizes = [load(folder, tmp_path, image_size=n).image_shape for n in (8, 16)]
    assert sizes == [(8, 8, 1), (16, 16, 1)]


def test_categories_have_names(folder, tmp_path):
    names = load(folder, tmp_path).value_names["category"]
    assert names == ("animal", "human", "airplane", "truck", "car")


def test_the_provenance_has_the_folder_and_the_hash(folder, tmp_path):
    dataset = load(folder, tmp_path)
    assert dataset.provenance.startswith(
        "unpacked from the folder norb (sha256"
    )
    again = load(folder, tmp_path)
    assert again.provenance == dataset.provenance


@pytest.mark.parametrize(
    "part", ["training-dat", "testing-dat", "training-cat", "testing-info"]
)
@pytest.mark.parametrize("left", [0.6, 0.001])
def test_a_file_that_is_cut_short_is_named(folder, tmp_path, part, left):
    path = file_of(folder, part)
    content = path.read_bytes()
    path.write_bytes(content[: int(left * len(content))])
    with pytest.raises(RunError, match=rf"{path.name} is damaged or cut short"):
        load(folder, tmp_path)
    kept = tmp_path / "data"
    assert not kept.exists() or list(kept.iterdir()) == []


@pytest.mark.parametrize("folder", [".gz"], indirect=True)
def test_a_flipped_bit_of_a_compressed_file_is_noticed(folder, tmp_path):
    path = file_of(folder, "training-dat")
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # Of the checksum.
    path.write_bytes(content)
    with pytest.raises(RunError, match="damaged"):
        load(folder, tmp_path)


def test_a_file_that_goes_on_is_named(folder, tmp_path):
    path = file_of(folder, "training-cat")
    write(path, content_of(path) + b"x")
    with pytest.raises(RunError, match="goes on"):
        load(folder, tmp_path)


@pytest.mark.parametrize("part", ["training-dat", "testing-info"])
def test_a_missing_file_is_named(folder, tmp_path, part):
    path = file_of(folder, part)
    path.unlink()
    with pytest.raises(RunError, match=path.name.removesuffix(".gz")):
        load(folder, tmp_path)


@pytest.mark.parametrize(
    ("one", "other"),
    [("training-cat", "training-info"), ("testing-cat", "testing-dat")],
)
def test_renamed_files_are_named(folder, tmp_path, one, other):
    one, other = file_of(folder, one), file_of(folder, other)
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])
    with pytest.raises(RunError, match="holds a matrix .* of type"):
        load(folder, tmp_path)


def test_another_type_of_matrix_is_named(folder, tmp_path):
    path = file_of(folder, "training-cat")
    write(path, matrix(half_of(1)["cat"].astype(np.float32)))
    with pytest.raises(RunError, match="of type 0x1e3d4c51"):
        load(folder, tmp_path)


def test_two_copies_of_one_half_are_not_the_set(folder, tmp_path):
    for kind in ("dat", "cat", "info"):
        training = file_of(folder, f"training-{kind}")
        file_of(folder, f"testing-{kind}").write_bytes(training.read_bytes())
    with pytest.raises(RunError, match="48 images have 24 combinations"):
        load(folder, tmp_path)


def test_labels_of_another_set_are_noticed(folder, tmp_path):
    for change, message in ((1, "azimuth"), (100, "combinations")):
        info = half_of(1)["info"]
        info[3, 2] += change
        write(file_of(folder, "training-info"), matrix(info))
        with pytest.raises(RunError, match=message):
            load(folder, tmp_path)


@pytest.mark.parametrize("folder", [""], indirect=True)
def test_it_is_the_same_from_tfds(folder, tmp_path):
    import tensorflow_datasets as tfds
    from tensorflow_datasets.datasets.smallnorb import (
        smallnorb_dataset_builder as official,
    )

    with tfds.core.registered.skip_registration():

        class Builder(official.Builder):
            name = "smallnorb"
            pkg_dir_path = official.Builder.pkg_dir_path

            def _split_generators(self, dl_manager):
                return {
                    split: self._generate_examples(
                        split,
                        *(
                            file_of(folder, f"{half}-{kind}")
                            for kind in ("dat", "cat", "info")
                        ),
                    )
                    for split, half in (
                        ("train", "training"),
                        ("test", "testing"),
                    )
                }

    Builder(data_dir=str(tmp_path / "tfds")).download_and_prepare()
    dataset = load_smallnorb(
        tfds_data_dir=str(tmp_path / "tfds"), data_dir=str(tmp_path / "data")
    )
    expected = load(folder, tmp_path)
    assert dataset.is_product and "TFDS" in dataset.provenance
    indices = np.arange(len(expected))
    np.testing.assert_array_equal(
        dataset.images(indices), expected.images(indices)
    )
    np.testing.assert_array_equal(
        dataset.factors_of(indices), expected.factors_of(indices)
    )


def test_without_a_source_it_says_what_to_give():
    with pytest.raises(UsageError, match=r"https://.*--tfds_data_dir"):
        load_smallnorb()


def test_a_path_that_is_not_a_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match="missing"):
        load_smallnorb(data_file=str(tmp_path / "missing"))
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(UsageError, match="not a folder"):
        load_smallnorb(data_file=str(path))


def test_a_size_of_no_pixels_is_refused(folder, tmp_path):
    with pytest.raises(UsageError, match="--image_size=0"):
        load(folder, tmp_path, image_size=0)
