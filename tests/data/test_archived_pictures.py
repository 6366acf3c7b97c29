import logging

import numpy as np
import pytest
from archive_files import encoded, write_members

from tfdisent.data.archived_pictures import kept_pictures
from tfdisent.errors import RunError, UsageError

GREY = 10 * np.arange(20, dtype=np.uint8)
FORMS = ["all.zip", "all.tar", "all.tar.gz", "folder"]


def contents(count=20):
    """Even grey pictures of 6x4, in an order of their own."""
    order = np.random.default_rng(0).permutation(count)
    pictures = {
        f"toy/{k:02d}.png": encoded(np.full((6, 4), GREY[k])) for k in order
    }
    return {**pictures, "toy/readme.txt": b"text", "toy/._01.png": b"mac"}


def kept(path, tmp_path, **options):
    return kept_pictures(
        "toy",
        path,
        pattern=r"(\d\d)\.png",
        count=20,
        picture_size=(6, 4),
        factors_of=lambda matches: np.array([[int(m[1])] for m in matches]),
        image_shape=(2, 2, 1),
        data_dir=str(tmp_path / "kept"),
        **options,
    )


@pytest.mark.parametrize("form", FORMS)
def test_keeps_the_pictures_in_the_order_of_their_names(tmp_path, form):
    path = write_members(tmp_path / form, contents())
    rows, factors = kept(path, tmp_path)
    np.testing.assert_array_equal(factors[:, 0], np.arange(20))
    images = rows[np.arange(20)]
    assert images.shape == (20, 2, 2, 1)
    assert (images == GREY[:, None, None, None]).all()


def test_takes_the_centre(tmp_path):
    image = np.zeros((6, 4), np.uint8)
    image[2:4, 1:3] = [[1, 2], [3, 4]]
    files = {f"{k:02d}.png": encoded(image) for k in range(20)}
    path = write_members(tmp_path / "folder", files)
    rows, _ = kept(path, tmp_path, crop=2)
    np.testing.assert_array_equal(rows[[0]][0, ..., 0], [[1, 2], [3, 4]])
    # Without a crop, a square as wide as the picture is made smaller.
    rows, _ = kept(path, tmp_path)
    assert rows[[0]].max() < 4


@pytest.mark.parametrize("more", [-1, 1])
def test_counts(tmp_path, more):
    files = contents()
    if more > 0:
        files["21.png"] = files["toy/01.png"]
    else:
        del files["toy/07.png"]
    path = write_members(tmp_path / "all.zip", files)
    with pytest.raises(
        RunError,
        match=rf"all.zip has {20 + more} pictures .* must have 20; giv",
    ):
        kept(path, tmp_path)
    assert not list((tmp_path / "kept").glob("toy_*"))


@pytest.mark.parametrize("form", FORMS)
def test_names_and_counts_what_cannot_be_decoded(tmp_path, form, caplog):
    files = contents()
    files["toy/03.png"] = files["toy/03.png"][:50]
    files["toy/11.png"] = b"no picture"
    path = write_members(tmp_path / form, files)
    with pytest.raises(
        RunError, match="2 of 20 pictures .*03.png.*; toy/11.png"
    ):
        kept(path, tmp_path)
    with caplog.at_level(logging.WARNING):
        rows, factors = kept(path, tmp_path, skip_unreadable=True)
    assert "2 of 20 pictures" in caplog.text
    rest = np.delete(np.arange(20), [3, 11])
    np.testing.assert_array_equal(factors[:, 0], rest)
    np.testing.assert_array_equal(rows[np.arange(18)][:, 0, 0, 0], GREY[rest])
    # It is as wrong as before without the flag.
    with pytest.raises(RunError, match="2 of 20 pictures"):
        kept(path, tmp_path)


def test_names_a_picture_of_another_size(tmp_path):
    files = contents()
    files["toy/05.png"] = encoded(np.zeros((4, 6), np.uint8))
    path = write_members(tmp_path / "all.tar", files)
    with pytest.raises(
        UsageError, match="^toy/05.png has 6x4 pixels and all .* have 4x6; give"
    ):
        kept(path, tmp_path)
