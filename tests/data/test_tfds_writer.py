import os

import numpy as np
import pytest
import tensorflow_datasets as tfds

from tfdisent.data import tfds_writer
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.subsets import parse_subset
from tfdisent.data.tfds_prepared import Prepared
from tfdisent.errors import RunError, UsageError


class Stripes(FactorDataset):
    """Has the factors of 3D Shapes; row k of an image is as bright as f_k."""

    def __init__(self):
        hues = ("floor_hue", "wall_hue", "object_hue")
        super().__init__(
            name="shapes3d",
            provenance="painted for tests",
            factor_names=(*hues, "scale", "shape", "orientation"),
            factor_sizes=(10, 10, 10, 8, 4, 15),
            image_shape=(64, 64, 3),
        )

    def images(self, indices):
        images = np.zeros((len(indices), 64, 64, 3), np.uint8)
        images[:, :6] = 17 * self.factors_of(indices)[..., None, None]
        return images


@pytest.fixture(scope="module")
def stripes():
    return Stripes()


def indices_into(dataset, n=300):
    rng = np.random.default_rng(0)
    return rng.choice(len(dataset), n, replace=False)


def loaded(name, folder):
    """What any program reads; a list of examples."""
    whole = tfds.load(name, data_dir=folder, download=False)
    assert list(whole) == ["train"]
    return list(whole["train"].as_numpy_iterator())


def index_of(example, dataset):
    names = dataset.factor_names
    factors = [[int(example[f"label_{name}"]) for name in names]]
    return int(dataset.indices_of(factors)[0])


def test_dsprites_is_read_by_plain_tfds(dsprites, tmp_path):
    indices = indices_into(dsprites)
    tfds_writer.prepare(dsprites, tmp_path, indices)
    seen = []
    for example in loaded("dsprites", tmp_path):
        index = index_of(example, dsprites)
        expected = dsprites.images([index])[0] // 255
        np.testing.assert_array_equal(example["image"], expected)
        shape, scale, orientation, x, y = dsprites.factors_of([index])[0]
        assert example["value_shape"] == shape + 1
        assert example["value_scale"] == np.float32(0.5 + 0.1 * scale)
        np.testing.assert_allclose(
            example["value_orientation"], 2 * np.pi * orientation / 39, 1e-6
        )
        np.testing.assert_allclose(example["value_x_position"], x / 31, 1e-6)
        np.testing.assert_allclose(example["value_y_position"], y / 31, 1e-6)
        seen.append(index)
    assert sorted(seen) == sorted(indices)


def test_shapes3d_is_read_by_plain_tfds(stripes, tmp_path):
    indices = indices_into(stripes)
    tfds_writer.prepare(stripes, tmp_path, indices)
    seen = []
    for example in loaded("shapes3d", tmp_path):
        index = index_of(example, stripes)
        np.testing.assert_array_equal(
            example["image"], stripes.images([index])[0]
        )
        factors = stripes.factors_of([index])[0]
        for name, label in zip(stripes.factor_names[:3], factors, strict=False):
            assert example[f"value_{name}"] == np.float32(label / 10)
        scale, shape, orientation = factors[3:]
        np.testing.assert_allclose(
            example["value_scale"], 0.75 + scale / 14, 1e-6
        )
        assert example["value_shape"] == shape
        np.testing.assert_allclose(
            example["value_orientation"], -30 + orientation * 30 / 7, 1e-5, 1e-5
        )
        seen.append(index)
    assert sorted(seen) == sorted(indices)


def test_where_the_images_are_from_is_noted(stripes, tmp_path):
    folder = tfds_writer.prepare(stripes, tmp_path, [0])
    assert tfds_writer.noted_provenance(folder) == "painted for tests"
    prepared = Prepared("shapes3d", tmp_path)
    assert prepared.provenance == "painted for tests by TFDS 2.0.0"


def test_features_are_those_of_the_official_builder(stripes, tmp_path):
    tfds_writer.prepare(stripes, tmp_path, [0])
    ours = tfds.builder_from_directory(tmp_path / "shapes3d" / "2.0.0")
    official = tfds.builder_cls("shapes3d")(data_dir=tmp_path / "other")
    assert repr(ours.info.features) == repr(official.info.features)


def test_a_prepared_set_is_never_overwritten(stripes, tmp_path):
    folder = tfds_writer.prepare(stripes, tmp_path, [0])
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UsageError, match="holds a data set already"):
        tfds_writer.prepare(stripes, tmp_path, [1])
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


def test_preparation_that_breaks_off_leaves_nothing(tmp_path):
    class BreaksOff(Stripes):
        def images(self, indices):
            if 600 in indices:
                raise KeyboardInterrupt
            return super().images(indices)

    with pytest.raises(KeyboardInterrupt):
        tfds_writer.prepare(BreaksOff(), tmp_path, range(1000))
    assert os.listdir(tmp_path / "shapes3d") == []


def test_a_folder_that_cannot_be_made_is_named(stripes, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RunError, match="Cannot write the data set.*file"):
        tfds_writer.prepare(stripes, tmp_path / "file", [0])


def test_what_tfds_does_not_know_is_refused(make_toy, tmp_path):
    with pytest.raises(UsageError, match="toy.*dsprites or shapes3d"):
        tfds_writer.prepare(make_toy(), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("subset", ["scale<=2", "random=480000@0"])
def test_a_part_of_a_set_is_refused(stripes, tmp_path, subset):
    part = parse_subset(subset)(stripes)
    with pytest.raises(UsageError, match="all images"):
        tfds_writer.prepare(part, tmp_path)
    assert not list(tmp_path.iterdir())
