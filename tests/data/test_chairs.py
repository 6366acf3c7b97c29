import numpy as np
import pytest
from archive_files import encoded, write_members
from picture_archives import (
    AZIMUTHS,
    CHAIR_MODELS,
    expect_few_chairs,
)
from picture_archives import CHAIRS_SIZES as SIZES
from picture_archives import chairs_pictures as contents

from tfdisent.data.chairs import load_chairs
from tfdisent.errors import RunError, UsageError


@pytest.fixture(autouse=True)
def few(monkeypatch):
    expect_few_chairs(monkeypatch)


def load(path, tmp_path, **options):
    return load_chairs(
        data_file=str(path), data_dir=str(tmp_path / "kept"), **options
    )


@pytest.mark.parametrize("form", ["rendered_chairs.tar", "folder"])
def test_views_are_a_product_in_grey(tmp_path, form):
    dataset = load(write_members(tmp_path / form, contents()), tmp_path)
    assert dataset.is_product
    assert dataset.factor_names == ("model", "elevation", "azimuth")
    assert dataset.factor_sizes == SIZES
    assert dataset.image_shape == (64, 64, 1)
    images = dataset.images(np.arange(124))
    np.testing.assert_array_equal(images[:, 32, 32, 0], np.arange(124))
    assert (images[:, :8] == 255).all()
    assert dataset.value_names["elevation"] == ["20 degrees", "30 degrees"]
    found = [int(name.split()[0]) for name in dataset.value_names["azimuth"]]
    assert found == AZIMUTHS
    assert dataset.provenance.endswith(", grey")


def test_the_whole_picture_is_made_smaller(tmp_path):
    path = write_members(tmp_path / "folder", contents())
    dataset = load(path, tmp_path, image_size=30)
    dark = dataset.images([0])[0, ..., 0] < 128
    np.testing.assert_array_equal(
        np.flatnonzero(dark.any(1)), np.arange(10, 20)
    )
    np.testing.assert_array_equal(
        np.flatnonzero(dark.any(0)), np.arange(10, 20)
    )


def test_tells_of_other_names(tmp_path):
    files = contents()
    lost = [name for name in files if "p020_t011" in name]
    for name in lost:
        files[name.replace("t011", "t012")] = files.pop(name)
    path = write_members(tmp_path / "a.tar", files)
    with pytest.raises(
        RunError, match="a.tar has 122 pictures .* must have 124"
    ):
        load(path, tmp_path)
    files = contents()
    files[lost[0].replace(CHAIR_MODELS[1], "third")] = files.pop(lost[0])
    path = write_members(tmp_path / "b.tar", files)
    with pytest.raises(
        RunError, match="of 3 chairs and there must be 2; fetch"
    ):
        load(path, tmp_path)


def test_tells_of_a_part_and_of_other_sizes(tmp_path):
    files = contents()
    name = next(name for name in files if "p030_t348" in name)
    small = {**files, name: encoded(np.zeros((64, 64), np.uint8))}
    path = write_members(tmp_path / "small.tar", small)
    with pytest.raises(
        UsageError, match="p030_t348.* has 64x64 .* have 120x120"
    ):
        load(path, tmp_path)
    del files[name]
    path = write_members(tmp_path / "part.tar", files)
    with pytest.raises(
        RunError, match="part.tar has 123 .* must have 124; give"
    ):
        load(path, tmp_path)


def test_is_no_product_without_what_cannot_be_decoded(tmp_path):
    files = contents()
    name = next(name for name in files if "p030_t348" in name)
    files[name] = b"nothing"
    path = write_members(tmp_path / "a.tar", files)
    dataset = load(path, tmp_path, skip_unreadable=True)
    assert len(dataset) == 123
    assert dataset.provenance.endswith(", 1 unreadable left out, grey")
    assert not dataset.is_product
    assert dataset.factor_sizes == SIZES


def test_tells_of_options_and_sources():
    with pytest.raises(UsageError, match="give rendered_chairs.tar from https"):
        load_chairs()
    with pytest.raises(
        UsageError, match="image_size=121 must be from 1 to 120"
    ):
        load_chairs(data_file="/no", image_size=121)
