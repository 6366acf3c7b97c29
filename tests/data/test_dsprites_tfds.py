import os
import time

import numpy as np
import pytest
import tensorflow_datasets as tfds

from tfdisent.data import dsprites_tfds
from tfdisent.data.dsprites import load_dsprites
from tfdisent.errors import RunError, UsageError


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    """A prepared folder with 300 of the images."""
    folder = tmp_path_factory.mktemp("tfds")
    rng = np.random.default_rng(0)
    indices = rng.choice(737_280, 300, replace=False)
    dsprites_tfds.prepare(folder, indices.tolist())
    return folder, indices


def test_plain_tfds_load_reads_the_prepared_images(some, dsprites):
    folder, indices = some
    loaded = tfds.load("dsprites", data_dir=folder, download=False)["train"]
    seen = []
    for example in loaded.as_numpy_iterator():
        factors = [
            [int(example[f"label_{name}"]) for name in dsprites.factor_names]
        ]
        index = dsprites.indices_of(factors)
        expected = dsprites.images(index)[0] // 255
        np.testing.assert_array_equal(example["image"], expected)
        shape, scale, orientation, x, y = factors[0]
        assert example["value_shape"] == shape + 1
        assert example["value_scale"] == np.float32(0.5 + 0.1 * scale)
        np.testing.assert_allclose(
            example["value_orientation"], 2 * np.pi * orientation / 39, 1e-6
        )
        np.testing.assert_allclose(example["value_x_position"], x / 31, 1e-6)
        np.testing.assert_allclose(example["value_y_position"], y / 31, 1e-6)
        seen.append(int(index[0]))
    assert sorted(seen) == sorted(indices.tolist())


def test_a_set_that_is_not_whole_is_refused(some):
    with pytest.raises(RunError, match="has 300 of the 737280 combinations"):
        load_dsprites(tfds_data_dir=str(some[0]))


def test_a_prepared_set_is_never_overwritten(some):
    before = os.listdir(some[0] / "dsprites" / "2.0.0")
    with pytest.raises(UsageError, match="holds a data set already"):
        dsprites_tfds.prepare(some[0], [0])
    assert os.listdir(some[0] / "dsprites" / "2.0.0") == before


def test_preparation_that_breaks_off_leaves_nothing(tmp_path):
    def breaks_off():
        yield 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dsprites_tfds.prepare(tmp_path, breaks_off())
    assert os.listdir(tmp_path / "dsprites") == []
    with pytest.raises(UsageError, match="prepared no dsprites"):
        load_dsprites(tfds_data_dir=str(tmp_path))


def test_what_is_not_prepared_is_said_at_once(tmp_path):
    start = time.monotonic()
    with pytest.raises(UsageError, match="prepare_data"):
        dsprites_tfds.read_packed(tmp_path)
    assert time.monotonic() - start < 2


def test_a_damaged_set_is_named(tmp_path):
    folder = dsprites_tfds.prepare(tmp_path, range(50))
    (shard,) = folder.glob("*.tfrecord*")
    shard.write_bytes(shard.read_bytes()[:-10])
    with pytest.raises(RunError, match="damaged"):
        dsprites_tfds.read_packed(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RunError, match="Cannot write the data set"):
        dsprites_tfds.prepare(tmp_path / "file", [0])


@pytest.mark.slow
def test_the_whole_set_comes_back_in_order(tmp_path, packed):
    dsprites_tfds.prepare(tmp_path)
    read, provenance = dsprites_tfds.read_packed(tmp_path)
    np.testing.assert_array_equal(read, packed)
    assert provenance.startswith("rendered (sha256 faaf9cf5) by TFDS")
