import numpy as np
import pytest

from tfdisent.data import shapes3d_renderer as renderer
from tfdisent.data import shapes3d_scene as scene
from tfdisent.data.array_cache import sha256_of

SKY = (153, 226, 249)


@pytest.fixture(scope="module")
def drawn():
    """All layers, and how near an intensity came to where rounding jumps."""
    rounded, nearest = renderer._rounded, [1.0]

    def watched(light):
        # Where all rays are saturated the sum is the same on every machine.
        sums = light[np.abs(light - np.rint(light)) > 1e-13]
        jump = sums * 255 / 9 + 0.5 + renderer._NUDGE
        nearest.append(np.abs(jump - np.rint(jump)).min(initial=1))
        return rounded(light)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renderer, "_rounded", watched)
        layers = renderer.render_layers()
    return layers, min(nearest)


@pytest.fixture(scope="module")
def layers(drawn):
    return drawn[0]


@pytest.fixture(scope="module")
def geometries(layers):
    """By scale, shape, orientation."""
    return layers.reshape(8, 4, 15, 31, 64, 64, 3)


@pytest.fixture(scope="module")
def floors(geometries):
    """Of hue 0, which is red, so that red is brightness."""
    return geometries[..., 1, :, :, 0]


@pytest.fixture(scope="module")
def objects(geometries):
    """Where there is any of the object, whatever its hue."""
    return geometries[..., 21:, :, :, :].any(axis=(3, 6))


def test_every_machine_draws_the_same_bytes(layers):
    assert layers.shape == renderer.LAYERS_SHAPE and layers.dtype == np.uint8
    assert sha256_of(layers) == renderer.SHA256


def test_no_image_overflows(layers):
    brightest = layers[:, 0].astype(np.uint16)
    for first in (1, 11, 21):
        brightest += layers[:, first : first + 10].max(axis=1)
    assert brightest.max() == 255


def test_every_pixel_shows_something(layers):
    darkest = layers[::7].max(axis=-1).astype(int)
    shown = darkest[:, 0] + sum(
        darkest[:, first : first + 10].min(axis=1) for first in (1, 11, 21)
    )
    assert shown.min() > 40


def test_parts_share_pixels_only_along_their_edges(layers):
    some = layers[::7]
    parts = np.stack(
        [some[:, 0].any(axis=-1)]
        + [some[:, a : a + 10].any(axis=(1, -1)) for a in (1, 11, 21)]
    )
    shared = parts.sum(axis=0) > 1
    assert 0.01 < shared.mean() < 0.06
    # No 3 x 3 pixels are all shared.
    whole = np.lib.stride_tricks.sliding_window_view(shared, (3, 3), (1, 2))
    assert not whole.all(axis=(-2, -1)).any()


def test_the_top_of_the_image_is_sky_and_the_bottom_floor(geometries):
    assert np.all(geometries[..., 0, :4, :, :] == SKY)
    bottom = geometries[..., -2:, :, :]
    assert not bottom[..., 0, :, :, :].any()
    assert not bottom[..., 11:, :, :, :].any()
    assert np.all(bottom[..., 1, :, :, 0] > 0)


def test_hues_are_those_of_hsv_at_the_brightness_of_the_pixel(geometries):
    hues = geometries[3, 2, 7, 1:11, 60, 5].astype(float)
    red = hues[0, 0]
    assert red > 200 and np.all(hues[0, 1:] == 0)
    np.testing.assert_array_equal(hues[5], [0, red, red])  # cyan
    # Green rises in steps of 3/5 from red to yellow, as it does in HSV.
    assert hues[1, 1] == pytest.approx(0.6 * hues[1, 0], abs=30)
    assert hues[1, 0] == red and hues[1, 2] == 0
    # Magenta-ish hues have no green, greenish ones much.
    assert hues[8, 1] == 0 and hues[3, 1] == red


def test_objects_grow_with_their_scale(objects):
    areas = objects.sum(axis=(-2, -1))
    assert np.all(np.diff(areas, axis=0) > 0)
    # A little faster than the square, for the front comes nearer.
    ratio = areas[7] / areas[0]
    assert np.all((ratio > (1.25 / 0.75) ** 2 * 0.93) & (ratio < 4))


def test_objects_stand_in_the_middle(objects):
    columns = objects.any(axis=-2)
    weights = columns / columns.sum(axis=-1, keepdims=True)
    centre = (weights * (np.arange(64) + 0.5)).sum(axis=-1)
    np.testing.assert_allclose(centre[:, 1:], 32, atol=0.01)
    np.testing.assert_allclose(centre[:, 0], 32, atol=2)  # corners loom


def test_turning_is_seen_on_the_cube_alone(objects):
    cube, cylinder, sphere, capsule = np.moveaxis(objects[4], 0, 0)
    for round_object in (cylinder, sphere, capsule):
        assert np.all(round_object == round_object[0])
    front_to_corner = [c.any(axis=0).sum() for c in (cube[7], cube[0])]
    assert front_to_corner[1] > front_to_corner[0] * 1.1


def test_the_outlines_of_opposite_views_are_mirror_images(geometries, objects):
    # Light and honeycomb are not, but the shapes of all parts are.
    assert np.array_equal(objects, objects[:, :, ::-1, :, ::-1])
    sky = geometries[..., 0, :, :, 2]
    assert np.array_equal(sky, sky[:, :, ::-1, :, ::-1])
    assert not np.array_equal(sky[0, 0, 3], sky[0, 0, 4])


def test_a_shadow_lies_beside_the_object_on_the_side_away_from_the_lamp(floors):
    without = floors[:, :, :].max(axis=(0, 1))  # some geometry leaves it lit
    dark = (floors < 0.6 * without) & (floors > 0.2 * without)
    dark &= np.arange(64)[:, None] > 42  # the dim far corner is above
    columns = np.arange(64) + 0.5
    for orientation in (4, 7, 10):
        shadow = dark[7, 2, orientation].sum(axis=0)
        assert shadow.sum() > 50
        assert (shadow * columns).sum() / shadow.sum() > 33


def test_shadows_grow_with_their_objects(floors):
    # Where floor is seen beside the largest object, its shadow may be.
    light = [floors[scale, 0, 7].sum(dtype=int) for scale in (0, 7)]
    assert light[1] < light[0]


def test_a_sphere_has_a_white_highlight_above_and_none_below(geometries):
    red_sphere = geometries[6, 2, 7, 21]
    green = red_sphere[..., 1]  # a red ball has none but in white light
    column = green[:, 32]
    seen = np.flatnonzero(red_sphere[:, 32, 0])
    assert column[seen[3]] > 20
    assert np.all(column[seen[-8:]] == 0)


def test_only_pixels_near_the_object_depend_on_it(geometries):
    room = geometries[0, 0, 2, :21]
    other = geometries[7, 3, 2, :21]
    changed = (room != other).any(axis=(0, -1))
    rows, columns = (
        np.flatnonzero(changed.any(1)),
        np.flatnonzero(changed.any(0)),
    )
    assert columns.min() > 15 and columns.max() < 56
    assert rows.max() < 62


@pytest.mark.parametrize("shape", range(4))
def test_object_and_shadow_are_drawn_to_their_ends(geometries, shape):
    """Whole images show nothing that drawing a part of them leaves out."""
    view = scene.view(11, 192)
    whole = renderer._with_object(
        view, scene.room(view), shape, 7, slice(0, 64), slice(0, 64)
    )
    np.testing.assert_array_equal(
        geometries[7, shape, 11], renderer._layers(*whole)
    )


def test_walls_have_dark_cells_and_shadows_stay_on_the_floor(geometries):
    red_walls = geometries[..., 11, :, :, 0]
    row = red_walls[0, 1, 7, 25].astype(int)  # above a small object
    assert np.abs(np.diff(row)).max() > 4
    # What of a wall is seen beside objects is the same for all of them.
    whole = red_walls.max(axis=(0, 1))
    np.testing.assert_array_equal(
        red_walls[7, 0, 7, 20:35, 60], whole[7, 20:35, 60]
    )


def test_no_intensity_is_near_to_where_rounding_jumps(drawn):
    """So that another machine's last bits of sines and powers do not show."""
    assert drawn[1] > 1e-9
