import logging
import os
import re
import time

import numpy as np
import pytest
from PIL import Image

from tfdisent.data import folder_pictures
from tfdisent.data.folder import load_folder
from tfdisent.errors import RunError, UsageError


def draw(path, value=0, size=(8, 8), mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)


@pytest.fixture
def photos(tmp_path):
    """Four pictures whose one value says which they are."""
    folder = tmp_path / "photos"
    for value, name in enumerate(("2.png", "10.PNG", "sub/1.bmp", "sub/b.pgm")):
        draw(folder / name, value)
    return folder


@pytest.fixture
def load(tmp_path, photos):
    def load(path=photos, **options):
        return load_folder(
            path=str(path), data_dir=str(tmp_path / "cache"), **options
        )

    return load


def values(dataset):
    return dataset.images(np.arange(len(dataset)))[:, 0, 0, 0].tolist()


def kept(tmp_path):
    return os.listdir(tmp_path / "cache")


def test_pictures_are_read_in_natural_order(load, photos):
    (photos / "notes.txt").write_text("no picture")
    (photos / "labels.csv").write_text("no picture")
    draw(photos / ".hidden.png")
    draw(photos / ".hidden" / "a.png")
    dataset = load()
    assert values(dataset) == [0, 1, 2, 3]
    assert dataset.name == "folder"
    assert dataset.image_shape == (8, 8, 1)
    assert dataset.factor_names == () and not dataset.is_product
    digest = dataset._rows.about["sha256"][:8]
    assert dataset.provenance == (
        f"user files: {photos} (4 images, sha256 {digest} of the decoded "
        "images)"
    )


def test_linked_folders_are_followed_once(load, photos, tmp_path):
    draw(tmp_path / "elsewhere" / "z.png", 9)
    (photos / "z").symlink_to(tmp_path / "elsewhere")
    (photos / "sub" / "loop").symlink_to(photos)
    assert values(load()) == [0, 1, 2, 3, 9]


def test_pictures_are_decoded_once(load, photos, tmp_path, monkeypatch):
    load()
    (photos / "notes.txt").write_text("the folder changes, no picture does")
    with monkeypatch.context() as patch:
        patch.setattr(folder_pictures, "pictures_blocks", None)
        patch.setattr(folder_pictures, "picture_form", None)
        assert values(load()) == [0, 1, 2, 3]
    # A bmp has the same size, whatever it shows.
    draw(photos / "sub" / "1.bmp", 77)
    assert values(load()) == [0, 1, 77, 3]
    (photos / "10.PNG").unlink()
    assert values(load()) == [0, 77, 3]
    assert len(kept(tmp_path)) == 3


def test_sizes_that_differ_are_named(load, photos, tmp_path):
    draw(photos / "wide.png", 5, (16, 8))
    with pytest.raises(UsageError) as error:
        load()
    assert str(error.value) == (
        f"{photos} has pictures of 2 sizes: 4 of 8x8 pixels (2.png), 1 of 16x8 "
        "pixels (wide.png); give --image_size to crop and resize all to one."
    )
    assert kept(tmp_path) == [] if (tmp_path / "cache").exists() else True
    dataset = load(image_size=4)
    assert dataset.image_shape == (4, 4, 1)
    assert values(dataset) == [0, 1, 2, 3, 5]
    assert load(image_size=16).image_shape == (16, 16, 1)
    with pytest.raises(UsageError, match="image_size=0 must be from 1 to 1024"):
        load(image_size=0)


def test_grey_pictures_among_coloured_ones_become_rgb(load, photos, caplog):
    draw(photos / "z.png", (1, 2, 3), mode="RGB")
    dataset = load()
    assert dataset.image_shape == (8, 8, 3)
    images = dataset.images([1, 4])
    assert images[:, 0, 0].tolist() == [[1, 1, 1], [1, 2, 3]]
    (record,) = caplog.records
    assert "4 grey pictures (2.png) and 1 in colour (z.png)" in (
        record.getMessage()
    )


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def test_unreadable_pictures_are_named_and_nothing_is_kept(
    load, photos, tmp_path
):
    (photos / "2.png").write_bytes(b"")
    cut(photos / "sub" / "b.pgm")
    (photos / "gone.png").symlink_to(photos / "nowhere.png")
    with pytest.raises(RunError, match=r"^3 of 5 pictures .*") as error:
        load()
    for name in ("2.png", "gone.png", "sub/b.pgm", "--skip_unreadable"):
        assert name in str(error.value)
    assert kept(tmp_path) == []


def test_unreadable_pictures_are_skipped_when_asked(load, photos, caplog):
    cut(photos / "sub" / "b.pgm")
    (photos / "f.csv").write_text(
        "file,a,b\n2.png,x,0\n10.PNG,y,0\nsub/1.bmp,y,1\nsub/b.pgm,z,1\n"
    )
    dataset = load(skip_unreadable=True, factors_file=str(photos / "f.csv"))
    assert values(dataset) == [0, 1, 2]
    assert dataset.factor_sizes == (2, 2)
    assert dataset.value_names["a"] == ("x", "y")
    assert dataset.factors_of([0, 1, 2]).tolist() == [[0, 0], [1, 0], [1, 1]]
    assert ", 1 unreadable left out; 2 factors" in dataset.provenance
    assert "1 unreadable left out)" in load(skip_unreadable=True).provenance
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "1 of 4" in record.getMessage() and "b.pgm" in record.getMessage()
    with pytest.raises(RunError, match="1 of 4"):
        load()


def test_a_folder_of_damaged_pictures_alone(load, photos):
    for path in photos.rglob("*.*"):
        path.write_bytes(b"x")
    for skip in (False, True):
        with pytest.raises(
            RunError, match="None of the 4 pictures in .*photos"
        ):
            load(skip_unreadable=skip)


TABLE = "file,shape,size\nsub/b.pgm,b,2\n2.png,a,1\n10.PNG,a,2\nsub/1.bmp,b,1\n"


def test_factors_come_from_a_table(load, photos, tmp_path):
    (tmp_path / "other.csv").write_text(TABLE)
    assert load().factor_names == ()
    dataset = load(factors_file=str(tmp_path / "other.csv"))
    assert dataset.factor_names == ("shape", "size") and dataset.is_product
    assert dataset.value_names == {"shape": ("a", "b"), "size": ("1", "2")}
    assert values(dataset) == [0, 1, 2, 3]
    (photos / "factors.csv").write_text(TABLE.replace("b,2", "b,3"))
    dataset = load()
    assert dataset.factor_sizes == (2, 3) and not dataset.is_product
    assert dataset.factors_of([0, 3]).tolist() == [[0, 0], [1, 2]]
    # The images were not unpacked again for other factors.
    assert len(kept(tmp_path)) == 1


def test_the_provenance_tells_labelings_apart(load, photos):
    tables = [
        TABLE,
        TABLE.replace("shape,", "form,"),
        TABLE.replace(",b,", ",c,"),
        TABLE.replace("b.pgm,b,2", "b.pgm,b,1"),
    ]
    found = []
    for table in tables:
        (photos / "factors.csv").write_text(table)
        found.append(load().provenance)
    assert len(set(found)) == len(tables)
    assert all(re.search("images; 2 factors, sha256 .{8}", f) for f in found)
    (photos / "factors.csv").write_text(TABLE)
    assert load().provenance == found[0]


def test_names_of_folders_that_cannot_be(load, photos, tmp_path):
    renamed = photos.rename(tmp_path / "photos\udcff")
    with pytest.raises(UsageError, match="is not UTF-8; rename it"):
        load(renamed)
    with pytest.raises(UsageError, match="nnn does not exist; give a folder"):
        load("n" * 300)


def test_a_table_that_does_not_fit_is_told_of_before_pictures_are_read(
    load, photos, monkeypatch
):
    (photos / "factors.csv").write_text(TABLE.replace("2.png", "3.png"))
    monkeypatch.setattr(folder_pictures, "picture_form", None)
    with pytest.raises(UsageError, match=r"no row for 1 of 4 pictures: 2\.png"):
        load()


def test_a_folder_must_have_pictures(load, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "a.txt").write_text("text")
    with pytest.raises(UsageError, match="empty has no picture .* 0 files"):
        load(empty)
    with pytest.raises(UsageError, match="nowhere does not exist"):
        load(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="a.txt is a file; give a folder"):
        load(empty / "a.txt")
    np.save(empty / "a.npy", np.zeros((3, 4, 4), np.uint8))
    assert len(load(empty)) == 3
    (empty / "factors.csv").write_text("a\n1\n1\n2\n")
    assert load(empty).factor_sizes == (2,)
    np.save(empty / "b.npy", np.zeros((3, 4, 4), np.uint8))
    with pytest.raises(UsageError, match="2 files .* not one"):
        load(empty)


def test_a_failure_in_the_middle_leaves_nothing(load, tmp_path, monkeypatch):
    decode = folder_pictures.pictures_blocks

    def fail(*args, **options):
        yield from decode(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(folder_pictures, "pictures_blocks", fail)
    with pytest.raises(KeyboardInterrupt):
        load()
    assert kept(tmp_path) == []


def test_thousands_of_pictures_take_seconds(load, tmp_path):
    many = tmp_path / "many"
    for i in range(2000):
        draw(many / f"{i}.png", i % 256, (16, 16))
    start = time.monotonic()
    dataset = load(many)
    assert time.monotonic() - start < 10
    assert values(dataset) == [i % 256 for i in range(2000)]
    start = time.monotonic()
    load(many)
    assert time.monotonic() - start < 2
