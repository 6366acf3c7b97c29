import numpy as np
import pytest

from tfdisent.data import shapes3d
from tfdisent.data.shapes3d import load_shapes3d
from tfdisent.errors import UsageError


@pytest.fixture(scope="module")
def dataset(load_kept):
    return load_kept("shapes3d")


def changed_by(dataset, factor, old, new):
    """Mask of the pixels that change with a factor, for 20 random images."""
    rng = np.random.default_rng(0)
    factors = dataset.sample_factors(20, rng)
    factors[:, factor] = old
    before = dataset.images(dataset.indices_of(factors))
    factors[:, factor] = new
    after = dataset.images(dataset.indices_of(factors))
    return (before != after).any(axis=-1)


def test_it_has_the_published_factors(dataset):
    assert dataset.name == "shapes3d"
    assert dataset.factor_names == (
        "floor_hue",
        "wall_hue",
        "object_hue",
        "scale",
        "shape",
        "orientation",
    )
    assert dataset.factor_sizes == (10, 10, 10, 8, 4, 15)
    assert dataset.image_shape == (64, 64, 3) and len(dataset) == 480_000
    assert dataset.is_product
    assert dataset.provenance.startswith("rendered (sha256 ")


def test_the_orientation_is_the_fastest_factor(dataset):
    np.testing.assert_array_equal(
        dataset.factors_of(np.array([1, 15, 60, 480, 4_800, 48_000])),
        np.eye(6, dtype=int)[::-1],
    )


def test_each_hue_changes_its_part_and_nothing_else(dataset):
    floor, wall, thing = (changed_by(dataset, k, 0, 5) for k in range(3))
    shares = [mask.mean() for mask in (floor, wall, thing)]
    assert 0.25 < shares[0] < 0.5 and 0.15 < shares[1] < 0.4
    assert 0.03 < shares[2] < 0.25
    # Parts share pixels along their edges only.
    shared = (floor & wall) | (wall & thing) | (floor & thing)
    assert shared.mean() < 0.04


@pytest.mark.parametrize(("factor", "new"), [(3, 7), (4, 2), (5, 14)])
def test_every_other_factor_shows_too(dataset, factor, new):
    changed = changed_by(dataset, factor, 0, new)
    assert np.all(changed.sum(axis=(1, 2)) > 30)


def test_colours_are_near_those_of_the_original(dataset):
    """The published mean of all its images is 0.5026, 0.5788, 0.6034."""
    indices = np.random.default_rng(0).integers(0, len(dataset), 4000)
    mean = dataset.images(indices).mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(mean, [0.5026, 0.5788, 0.6034], atol=0.015)


def test_it_is_drawn_once(dataset, monkeypatch):
    folder = dataset.storage.rpartition("/")[0]
    monkeypatch.delattr(shapes3d.renderer, "render_layers", raising=True)
    monkeypatch.setattr(shapes3d.renderer, "render_layers", None, raising=False)
    again = load_shapes3d(data_dir=folder)
    indices = np.array([5, 479_999, 5])
    np.testing.assert_array_equal(
        again.images(indices), dataset.images(indices)
    )
    assert again.storage == dataset.storage


@pytest.mark.parametrize("source", ["data_file", "tfds_data_dir"])
def test_a_source_that_is_not_there_is_named(tmp_path, source):
    with pytest.raises(UsageError, match="missing"):
        load_shapes3d(**{source: str(tmp_path / "missing")})
