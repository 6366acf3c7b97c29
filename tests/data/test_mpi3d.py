import math

import numpy as np
import pytest

from tfdisent.data import mpi3d_renderer as renderer
from tfdisent.data.mpi3d import (
    RenderedMPI3D,
    load_mpi3d_real,
    load_mpi3d_realistic,
    load_mpi3d_rendered,
    load_mpi3d_toy,
)
from tfdisent.errors import UsageError

COLOUR, SHAPE, SIZE, HEIGHT, BACKGROUND, HORIZONTAL, VERTICAL = range(7)


@pytest.fixture(scope="module")
def dataset():
    """The data set, and which views were drawn: the others are all 0."""
    views = np.zeros((renderer.NUM_VIEWS, renderer.VIEW_BYTES), np.uint8)
    drawn = set()
    whole = RenderedMPI3D(views)
    pasted = whole.images

    def images(indices):
        factors = whole.factors_of(indices)
        at = (HEIGHT, HORIZONTAL, VERTICAL)
        wanted = np.ravel_multi_index(tuple(factors[:, at].T), renderer.VIEWS)
        for view in set(wanted.tolist()) - drawn:
            views[view] = renderer.render_view(view)
            drawn.add(view)
        return pasted(indices)

    whole.images = images
    return whole


@pytest.fixture
def factors(dataset):
    return dataset.sample_factors(60, np.random.default_rng(0))


def look_at(dataset, factors):
    return dataset.images(dataset.indices_of(factors))


def test_it_has_the_published_factors(dataset):
    assert dataset.name == "mpi3d_rendered"
    assert dataset.provenance == "rendered (sha256 171564c2)"
    assert dict(
        zip(dataset.factor_names, dataset.factor_sizes, strict=True)
    ) == {
        "object_color": 6,
        "object_shape": 6,
        "object_size": 2,
        "camera_height": 3,
        "background_color": 3,
        "horizontal_axis": 40,
        "vertical_axis": 40,
    }
    assert dataset.image_shape == (64, 64, 3)
    assert len(dataset) == 1_036_800
    for name, values in dataset.value_names.items():
        size = dataset.factor_sizes[dataset.factor_names.index(name)]
        assert len(set(values)) == len(values) == size


def test_an_image_is_a_sprite_on_a_frame(dataset, factors):
    paints = [(240, 240, 235), (64, 184, 72), (220, 50, 45)]
    paints += [(60, 100, 220), (140, 84, 48), (158, 156, 44)]
    corners = renderer.sprite_corners()
    images = look_at(dataset, factors[:8])
    for (c, s, z, height, b, h, v), image in zip(factors, images, strict=False):
        view = (height * 40 + h) * 40 + v
        row = renderer.render_view(view)
        frames = row[: 3 * 64 * 64 * 3].reshape(3, 64, 64, 3)
        sprites = row[3 * 64 * 64 * 3 :].reshape(6, 2, 2, 22, 22)
        expected = frames[b].copy()
        for i, j, channel in np.ndindex(22, 22, 3):
            keep, light = (int(x) for x in sprites[s, z, :, i, j])
            y, x = corners[view] + (i, j)
            mixed = int(expected[y, x, channel]) * keep
            mixed += paints[c][channel] * light
            expected[y, x, channel] = math.floor(mixed / 255 + 0.5)
        np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("factor", range(7))
def test_half_the_range_of_a_factor_is_seen(dataset, factors, factor):
    size = dataset.factor_sizes[factor]
    others = factors.copy()
    others[:, factor] = (others[:, factor] + size // 2) % size
    before, after = look_at(dataset, factors), look_at(dataset, others)
    # A few pixels clearly, in every image.
    clearly = (abs(before.astype(int) - after) > 15).any(axis=3)
    assert clearly.sum(axis=(1, 2)).min() >= 4


@pytest.mark.parametrize("factor", [HORIZONTAL, VERTICAL])
def test_neighbouring_angles_differ(dataset, factors, factor):
    others = factors.copy()
    others[:, factor] += np.where(factors[:, factor] < 39, 1, -1)
    same = look_at(dataset, factors) == look_at(dataset, others)
    assert not same.all(axis=(1, 2, 3)).any()


def test_the_colour_of_the_object_changes_the_object_only(dataset, factors):
    """Under each colour the same pixels are the bare frame."""
    everything = []
    for colour in range(6):
        factors[:, COLOUR] = colour
        everything.append(look_at(dataset, factors))
    changed = np.ptp(everything, axis=0).max(axis=-1) > 0
    area = changed.sum(axis=(1, 2))
    side = np.where(factors[:, SIZE], 6.5, 4.5)
    assert np.all(area > side**2 * 0.8) and np.all(area < 8 * side**2)
    # All of it is around the tip of the arm.
    rows, columns = np.indices((64, 64)) + 0.5
    psi = np.deg2rad(-80 + 160 / 39 * factors[:, HORIZONTAL])
    phi = np.deg2rad(-25 + 90 / 39 * factors[:, VERTICAL])
    tilt = np.deg2rad(np.array([55, 30, 8])[factors[:, HEIGHT]])
    right = 20 * np.cos(phi) * np.sin(psi)
    down = 20 * np.cos(phi) * np.cos(psi) * np.sin(tilt)
    down -= 20 * np.sin(phi) * np.cos(tilt)
    for i, mask in enumerate(changed):
        reach = np.hypot(rows - 32 - down[i], columns - 32 - right[i])
        assert reach[mask].max() < 1.56 * side[i] + 1


def test_the_background_changes_no_solid_pixel(dataset, factors):
    everything = []
    for background in range(3):
        factors[:, BACKGROUND] = background
        everything.append(look_at(dataset, factors).astype(int))
    # A pixel shows a part of the background, the same for all of them.
    paints = np.array(renderer.BACKGROUNDS)
    change, most = everything[2] - everything[1], paints[2] - paints[1]
    part = change[..., 0] / most[0]
    assert abs(change - part[..., None] * most).max() < 2
    solid = part == 0
    solid_area = solid.sum(axis=(1, 2))
    assert solid_area.min() > 400 and solid_area.max() < 3000
    np.testing.assert_array_equal(everything[0][solid], everything[1][solid])
    bare = part == 1
    assert bare[:, 0].all()  # nothing reaches the upper edge
    for images, paint in zip(everything, paints, strict=True):
        assert np.all(images[bare] == paint)
    assert (solid | bare).mean() > 0.9


def test_no_indices_give_no_images(dataset):
    assert dataset.images(np.array([], int)).shape == (0, 64, 64, 3)


def test_images_are_new_and_repeat(dataset, factors):
    indices = dataset.indices_of(factors)[[3, 3, 0]]
    first = dataset.images(indices)
    np.testing.assert_array_equal(first[0], first[1])
    before = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(dataset.images(indices), before)


@pytest.mark.slow
def test_it_is_drawn_once_and_kept(tmp_path, monkeypatch):
    drawn = load_mpi3d_rendered(data_dir=str(tmp_path))
    assert drawn.storage == str(tmp_path / "mpi3d_rendered_171564c2.npy")
    monkeypatch.setattr(renderer, "render_all", None)
    again = load_mpi3d_rendered(data_dir=str(tmp_path))
    np.testing.assert_array_equal(
        drawn.images([5, 1_036_799]), again.images([5, 1_036_799])
    )


@pytest.mark.parametrize(
    "load, name",
    [
        (load_mpi3d_toy, "mpi3d_toy"),
        (load_mpi3d_realistic, "mpi3d_realistic"),
        (load_mpi3d_real, "mpi3d_real"),
    ],
)
def test_a_published_set_needs_its_file(load, name):
    with pytest.raises(UsageError, match=f"{name}.npz.*mpi3d_rendered"):
        load()
