import hashlib

import cifar_archives
import numpy as np
import pytest
from PIL import Image

from tfdisent.data import cifar, cifar_files, tfds_reader
from tfdisent.data.cifar import load_cifar10, load_cifar100
from tfdisent.errors import RunError, UsageError

LOADERS = {"cifar10": load_cifar10, "cifar100": load_cifar100}
FORMS = ["python.tar.gz", "binary.tar.gz", "python", "binary"]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(cifar_files, "NUM_IMAGES", (10, 4))
    monkeypatch.setattr(cifar, "_IMAGES_PER_BLOCK", 3)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("form", FORMS)
def test_all_published_forms_hold_the_same(tmp_path, name, form):
    images, labels = cifar_archives.examples(name)
    path = cifar_archives.written(tmp_path / form, name, images, labels)
    dataset = LOADERS[name](data_file=str(path), data_dir=str(tmp_path / "d"))
    np.testing.assert_array_equal(dataset.images(np.arange(14)), images)
    factors = dataset.factors_of(np.arange(14))
    np.testing.assert_array_equal(factors[:, 0], [0] * 10 + [1] * 4)
    np.testing.assert_array_equal(factors[:, 1:], labels)
    assert dataset.image_shape == (32, 32, 3)
    if name == "cifar10":
        assert dataset.factor_names == ("split", "label")
        assert dataset.factor_sizes == (2, 10)
        assert dataset.value_names["label"][9] == "truck"
    else:
        assert dataset.factor_names == ("split", "coarse_label", "label")
        assert dataset.factor_sizes == (2, 20, 100)
        assert dataset.value_names["coarse_label"][19] == "vehicles_2"
        assert dataset.value_names["label"][99] == "worm"
    assert dataset.value_names["split"] == ("train", "test")


def test_knows_the_original_by_its_hash(tmp_path, monkeypatch):
    path = cifar_archives.written(
        tmp_path / "python.tar.gz",
        "cifar10",
        *cifar_archives.examples("cifar10"),
    )
    options = {"data_file": str(path), "data_dir": str(tmp_path / "d")}
    assert "file of unknown hash python" in load_cifar10(**options).provenance
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    known = cifar._CIFAR10._replace(md5s=("other", md5))
    monkeypatch.setattr(cifar, "_CIFAR10", known)
    options["data_dir"] = str(tmp_path / "another")
    assert load_cifar10(**options).provenance == (
        f"original python.tar.gz (md5 {md5[:8]})"
    )


def test_enlarges_bilinearly(tmp_path):
    images, labels = cifar_archives.examples("cifar10")
    images[3] = 8 * np.arange(32)[:, None]
    path = cifar_archives.written(
        tmp_path / "binary", "cifar10", images, labels
    )
    dataset = load_cifar10(
        data_file=str(path), image_size=64, data_dir=str(tmp_path / "d")
    )
    assert dataset.image_shape == (64, 64, 3)
    assert "enlarged to 64x64 bilinearly" in dataset.provenance
    # A ramp is half as steep then, and starts a quarter of a pixel later.
    ramp = dataset.images([3])[0, :, 1:-1]
    assert (ramp == 2 + 4 * np.arange(62)[:, None]).all()
    for i, image in enumerate(images):
        slow = Image.fromarray(image).resize((64, 64), Image.BILINEAR)
        np.testing.assert_array_equal(dataset.images([i])[0], np.array(slow))


def test_sizes_are_kept_apart(tmp_path):
    images, labels = cifar_archives.examples("cifar10")
    path = cifar_archives.written(
        tmp_path / "binary", "cifar10", images, labels
    )
    options = {"data_file": str(path), "data_dir": str(tmp_path / "d")}
    for size in (64, 32, 64):
        dataset = load_cifar10(image_size=size, **options)
        assert dataset.images([0]).shape == (1, size, size, 3)
    with pytest.raises(UsageError, match="image_size=48 must be 32 or 64"):
        load_cifar10(image_size=48, **options)


def test_unpacks_again_what_has_changed(tmp_path):
    images, labels = cifar_archives.examples("cifar10")
    folder = tmp_path / "binary"
    options = {"data_file": str(folder), "data_dir": str(tmp_path / "d")}
    cifar_archives.written(folder, "cifar10", images, labels)
    load_cifar10(**options)
    images = 255 - images
    cifar_archives.written(folder, "cifar10", images, labels)
    found = load_cifar10(**options).images(np.arange(14))
    np.testing.assert_array_equal(found, images)


def test_a_link_to_nothing_does_no_harm(tmp_path):
    images, labels = cifar_archives.examples("cifar10")
    folder = tmp_path / "binary"
    cifar_archives.written(folder, "cifar10", images, labels)
    (folder / "link").symlink_to("/nowhere")
    dataset = load_cifar10(data_file=str(folder), data_dir=str(tmp_path / "d"))
    assert len(dataset) == 14


@pytest.mark.parametrize("form", FORMS)
def test_tells_of_labels_that_do_not_exist(tmp_path, form):
    images, labels = cifar_archives.examples("cifar10")
    labels[12] = 10
    path = cifar_archives.written(tmp_path / form, "cifar10", images, labels)
    with pytest.raises(RunError, match=r"labels up to \[10\].*has \[10\] of"):
        load_cifar10(data_file=str(path), data_dir=str(tmp_path / "d"))
    assert not list((tmp_path / "d").glob("cifar10_*"))


def test_tells_one_set_from_the_other(tmp_path):
    path = cifar_archives.written(
        tmp_path / "python.tar.gz",
        "cifar100",
        *cifar_archives.examples("cifar100"),
    )
    with pytest.raises(RunError, match="lacks data_batch_1.bin, .*; give the"):
        load_cifar10(data_file=str(path), data_dir=str(tmp_path / "d"))


def test_says_which_files_to_give(tmp_path):
    with pytest.raises(UsageError, match="cifar-10-python.tar.gz.*toronto.edu"):
        load_cifar10()
    with pytest.raises(UsageError, match="/no does not.*cifar-100-python"):
        load_cifar100(data_file="/no")


def test_names_jpegs_as_such(tmp_path):
    images, labels = cifar_archives.examples("cifar10")
    path = cifar_archives.written_as_jpegs(tmp_path / "j.npz", images, labels)
    dataset = load_cifar10(data_file=str(path), data_dir=str(tmp_path / "d"))
    assert dataset.provenance.startswith("subset of 14 images as JPEG, file of")
    np.testing.assert_array_equal(
        dataset.factors_of(np.arange(14)),
        np.column_stack([[0] * 10 + [1] * 4, labels]),
    )
    assert dataset.images([0]).shape == (1, 32, 32, 3)


@pytest.mark.parametrize("size", [32, 64])
def test_reads_what_tfds_has_prepared(tmp_path, monkeypatch, size):
    images, labels = cifar_archives.examples("cifar100")
    asked = {}

    def read(name, tfds_data_dir, *, picture, **options):
        asked.update(options, name=name, tfds_data_dir=tfds_data_dir)
        rows = np.stack([picture(image) for image in images])
        return rows, labels, "prepared by TFDS 3.0.2"

    monkeypatch.setattr(tfds_reader, "read", read)
    dataset = load_cifar100(tfds_data_dir="/tfds", image_size=size)
    assert (asked["name"], asked["tfds_data_dir"]) == ("cifar100", "/tfds")
    assert asked["factor_keys"] == ("coarse_label", "label")
    assert asked["splits"] == ("train", "test")
    assert asked["image_shape"] == (size, size, 3)
    assert dataset.images([0]).shape == (1, size, size, 3)
    np.testing.assert_array_equal(
        dataset.factors_of(np.arange(14)),
        np.column_stack([[0] * 10 + [1] * 4, labels]),
    )
    assert dataset.provenance.startswith("prepared by TFDS 3.0.2")
    images, labels = images[:13], labels[:13]
    with pytest.raises(RunError, match="TFDS has 13 images.* should have 14"):
        load_cifar100(tfds_data_dir="/tfds")
