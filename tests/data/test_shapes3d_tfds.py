import itertools

import numpy as np
import pytest
from tfds_fakes import prepare_fake

from tfdisent.data import shapes3d_renderer
from tfdisent.data.shapes3d import load_shapes3d
from tfdisent.errors import RunError, UsageError


def load(folder):
    kept = str(folder / "kept")
    return load_shapes3d(tfds_data_dir=str(folder), data_dir=kept)


def examples_of(sizes):
    """Images whose first rows spell out their labels."""
    names = shapes3d_renderer.FACTOR_NAMES
    for labels in itertools.product(*map(range, sizes)):
        image = np.zeros((64, 64, 3), np.uint8)
        image[:6] = 17 * np.array(labels)[:, None, None]
        example = {"image": image}
        for name, label in zip(names, labels, strict=True):
            example[f"label_{name}"] = label
            example[f"value_{name}"] = float(label)
        yield example


def test_shapes3d_is_put_in_order(tmp_path, monkeypatch):
    sizes = (2, 3, 2, 1, 4, 5)
    monkeypatch.setattr(shapes3d_renderer, "FACTOR_SIZES", sizes)
    prepare_fake("shapes3d", tmp_path, train=examples_of(sizes))
    dataset = load(tmp_path)
    assert dataset.name == "shapes3d" and dataset.factor_sizes == sizes
    assert dataset.is_product and dataset.provenance == "prepared by TFDS 2.0.0"
    expected = [example["image"] for example in examples_of(sizes)]
    np.testing.assert_array_equal(dataset.images(np.arange(240)), expected)


def test_shapes3d_that_is_not_whole_is_refused(tmp_path):
    prepare_fake("shapes3d", tmp_path, train=examples_of((1, 2, 1, 1, 1, 5)))
    with pytest.raises(RunError, match="has 10 of the 480000 combinations"):
        load(tmp_path)


def test_an_image_that_is_there_twice_is_found(tmp_path, monkeypatch):
    sizes = (1, 2, 1, 1, 1, 5)
    monkeypatch.setattr(shapes3d_renderer, "FACTOR_SIZES", sizes)
    examples = list(examples_of(sizes))
    examples[-1] = examples[0]
    prepare_fake("shapes3d", tmp_path, train=examples)
    with pytest.raises(RunError, match="9 of the 10 combinations.* 10 images"):
        load(tmp_path)


def test_labels_beyond_the_factors_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(shapes3d_renderer, "FACTOR_SIZES", (1, 1, 1, 1, 1, 10))
    prepare_fake("shapes3d", tmp_path, train=examples_of((1, 2, 1, 1, 1, 5)))
    with pytest.raises(RunError, match="has factors up to"):
        load(tmp_path)


def test_what_is_not_prepared_says_what_would_prepare_it(tmp_path):
    with pytest.raises(UsageError, match="prepare_data --dataset=shapes3d"):
        load(tmp_path)
