import numpy as np
import pytest
from archive_files import encoded, write_members
from picture_archives import CELEBA_VALUES as VALUES
from picture_archives import celeba_attributes as attributes
from picture_archives import celeba_picture as picture
from picture_archives import celeba_pictures, expect_few_celeba
from PIL import Image

from tfdisent.data import tfds_reader
from tfdisent.data.celeba import ATTRIBUTES, load_celeba
from tfdisent.errors import RunError, UsageError


@pytest.fixture(autouse=True)
def few(monkeypatch):
    expect_few_celeba(monkeypatch)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "list_attr_celeba.txt").write_text(attributes())
    return tmp_path


def written(folder, form="img_align_celeba.zip"):
    return write_members(folder / form, celeba_pictures())


def load(path, folder, **options):
    return load_celeba(
        data_file=str(path), data_dir=str(folder / "kept"), **options
    )


@pytest.mark.parametrize("form", ["img_align_celeba.zip", "img_align_celeba"])
def test_faces_are_in_order_centred_and_have_their_attributes(folder, form):
    dataset = load(written(folder, form), folder)
    images = dataset.images(np.arange(5))
    assert images.shape == (5, 64, 64, 3)
    red = images[:, 2:10, 2:10, 0].mean(axis=(1, 2))
    np.testing.assert_allclose(red, 40 * np.arange(1, 6), atol=3)
    # The disc stays in the middle and round: 30 of 148 pixels are 13 of 64.
    white = (images[0] > 200).all(axis=-1)
    rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
    assert rows.mean() == columns.mean() == 31.5
    assert 12 <= len(rows) <= 14 and 12 <= len(columns) <= 14
    np.testing.assert_array_equal(dataset.factors_of(np.arange(5)), VALUES)
    assert dataset.factor_names[31] == "Smiling"
    assert dataset.factor_sizes == (2,) * 40
    assert dataset.value_names["Male"] == ("no", "yes")
    assert "148x148 of the centre, 40 attributes" in dataset.provenance
    assert not dataset.is_product


def test_pixels_are_those_of_pillow(folder):
    dataset = load(written(folder), folder, image_size=32)
    with Image.open(
        written(folder, "img_align_celeba") / "img_align_celeba/000002.jpg"
    ) as image:
        slow = image.crop((15, 35, 163, 183)).resize((32, 32), Image.BICUBIC)
    np.testing.assert_array_equal(dataset.images([1])[0], np.array(slow))


def test_no_factor_is_known_without_the_attributes(folder):
    path = written(folder)
    (folder / "list_attr_celeba.txt").unlink()
    dataset = load(path, folder)
    assert dataset.factor_names == ()
    assert dataset.factors_of([0, 1]).shape == (2, 0)
    assert "no list_attr_celeba.txt beside it" in dataset.provenance
    (folder / "list_attr_celeba.txt").write_text(attributes())
    assert len(load(path, folder).factor_names) == 40


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not enough values"),
        (attributes(VALUES[:3]), "2 lack, such as 000004.jpg"),
        (attributes(header=ATTRIBUTES[::-1]), "others than the 40"),
        (attributes(VALUES[:, :39], ATTRIBUTES[:39]), "others than the 40"),
        (attributes(2 * VALUES), "neither 1 nor -1"),
        (attributes().replace("-1", "no"), "invalid literal"),
        (attributes()[:-5], "inhomogeneous"),
        (attributes() + "\n", "list index"),
    ],
)
def test_tells_of_damaged_attributes(folder, text, told):
    (folder / "list_attr_celeba.txt").write_text(text)
    with pytest.raises(
        RunError,
        match=rf"list_attr_celeba.txt does not .*{told}.* it again, or",
    ):
        load(written(folder), folder)


def test_leaves_out_what_cannot_be_decoded_when_asked(folder):
    path = written(folder, "img_align_celeba")
    (path / "img_align_celeba/000002.jpg").write_bytes(b"\xff\xd8\xff no more")
    with pytest.raises(RunError, match="1 of 5 pictures .*000002.jpg.*--skip_"):
        load(path, folder)
    dataset = load(path, folder, skip_unreadable=True)
    np.testing.assert_array_equal(
        dataset.factors_of(np.arange(4)), np.delete(VALUES, 1, axis=0)
    )
    again = load(path, folder, skip_unreadable=True)
    for each in (dataset, again):
        assert ", 1 unreadable left out, 148x148" in each.provenance


def test_tells_of_the_pictures_in_the_wild(folder):
    path = written(folder, "img_celeba")
    wild = encoded(np.zeros((500, 400, 3), np.uint8), "JPEG")
    (path / "img_align_celeba/000001.jpg").write_bytes(wild)
    with pytest.raises(UsageError, match="000001.jpg has 400x500 .* 178x218"):
        load(path, folder)


def test_tells_of_options_and_sources(tmp_path):
    with pytest.raises(UsageError, match="give img_align_celeba.zip from http"):
        load_celeba()
    for size in (0, 149):
        with pytest.raises(UsageError, match=f"={size} must be from 1 to 148"):
            load_celeba(data_file="/no", image_size=size)


def test_reads_what_tfds_has_prepared(folder, monkeypatch):
    pictures = [picture(number) for number in range(1, 6)]
    asked = {}

    def read(name, tfds_data_dir, *, picture, **options):
        asked.update(options, name=name)
        rows = np.stack([picture(image) for image in pictures])
        return rows, VALUES, "prepared by TFDS 2.1.0"

    monkeypatch.setattr(tfds_reader, "read", read)
    dataset = load_celeba(tfds_data_dir="/tfds", image_size=48)
    assert asked["name"] == "celeb_a"
    assert asked["factor_keys"][39] == "attributes/Young"
    assert asked["splits"] == ("train", "validation", "test")
    assert asked["image_shape"] == (48, 48, 3)
    slow = Image.fromarray(pictures[4]).crop((15, 35, 163, 183))
    slow = np.array(slow.resize((48, 48), Image.BICUBIC))
    np.testing.assert_array_equal(dataset.images([4])[0], slow)
    np.testing.assert_array_equal(dataset.factors_of(np.arange(5)), VALUES)
    assert dataset.provenance == (
        "prepared by TFDS 2.1.0, 148x148 of the centre, 40 attributes"
    )
