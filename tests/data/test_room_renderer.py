import colorsys

import numpy as np
import pytest

from tfdisent.data import room_renderer as renderer
from tfdisent.data.array_cache import sha256_of

SKY = 0  # a row of pixels in which there are walls only
GROUND = 63  # a row in which there is floor only


@pytest.fixture(scope="module")
def layers():
    return renderer.render_layers()


@pytest.fixture(scope="module")
def parts(layers):
    """What no colour changes, walls, floor, object: 3 x 8 x 8 geometries."""
    split = np.split(layers, [1, 17, 33], axis=1)
    return [part.reshape(3, 8, 8, *part.shape[1:]) for part in split]


def covered(part):
    """How much light of any hue a pixel has: [3, 8, 8, 64, 64]."""
    return part.max(axis=(3, -1)).astype(int)


def test_the_layers_have_the_known_hash(layers):
    assert layers.shape == renderer.SHAPE and layers.dtype == np.uint8
    assert sha256_of(layers) == renderer.SHA256


def test_no_sum_of_layers_overflows(parts):
    brightest = sum(part.max(axis=3).astype(int) for part in parts)
    assert brightest.max() <= 255


def test_the_hues_are_equally_spaced_and_saturated(parts):
    floor = parts[2][0, 0, 0, :, GROUND, 5]
    light = floor.max()
    for k, colour in enumerate(floor):
        expected = colorsys.hsv_to_rgb(k / 16, 1, 1)
        np.testing.assert_allclose(colour, light * np.array(expected), atol=1)


def test_walls_are_above_the_floor_and_the_object_between(parts):
    _, walls, floor, things = map(covered, parts)
    assert (walls[..., SKY, :] > 0).all() and not floor[..., SKY, :].any()
    assert (floor[..., GROUND, :] > 0).all() and not walls[..., GROUND, :].any()
    size = (things > 0).sum(axis=(-1, -2))
    assert size.min() > 200 and size.max() < 700
    border = np.ones((64, 64), bool)
    border[1:-1, 1:-1] = False
    assert not things[..., border].any()


def test_surfaces_are_as_bright_as_they_face_the_light(parts):
    _, walls, floor, _ = map(covered, parts)
    back, right, left, ground = (
        round(255 * (0.6 + 0.4 * slant / 19)) for slant in (10, 6, -6, 15)
    )
    assert set(np.unique(walls[0, 0, 0, SKY, [10, 40, 63]])) == {back, right}
    assert set(np.unique(walls[0, -1, 0, SKY, [0, 30, 50]])) == {left, back}
    assert (floor[..., GROUND, :] == ground).all()


def test_the_shadow_falls_away_from_the_light(parts):
    _, _, floor, things = (part[1] for part in map(covered, parts))  # lolly
    shadow = (floor == round(255 * 0.6)) & (things == 0)
    assert (shadow.sum(axis=(-1, -2)) >= 10).all()
    columns = np.arange(64)
    for camera, turned in np.ndindex(8, 8):
        object_columns = columns[things[camera, turned].any(axis=0)]
        offset = columns - object_columns.mean()
        here = shadow[camera, turned].any(axis=0)
        assert offset[here].mean() > 0 and abs(offset[here]).max() < 16


def test_the_camera_alone_decides_what_is_far_from_the_object(parts):
    for part in parts:
        far = part[..., [0, 1, 2, 3, 60, 63], :, :]
        assert (far == far[:1, :, :1]).all()


def test_turning_the_camera_to_the_left_moves_the_object_to_the_right(parts):
    things = covered(parts[3]).sum(axis=-2)
    middle = (things * np.arange(64)).sum(axis=-1) / things.sum(axis=-1)
    steps = np.diff(middle, axis=1)
    # 3.5 degrees of 58.5 on 64 pixels.
    np.testing.assert_allclose(steps, 3.8, atol=0.8)


def test_all_rotations_and_identities_look_different(parts):
    image = sum(part[:, :, :, 0].astype(int) for part in parts)
    image = image.transpose(1, 0, 2, 3, 4, 5).reshape(8, 24, 64, 64, 3)
    for views in image:
        difference = abs(views[:, None] - views).max(axis=-1) > 16
        pixels = difference.sum(axis=(-1, -2))
        assert pixels[~np.eye(24, dtype=bool)].min() > 40


@pytest.mark.parametrize("camera", [0, 3, 7])
@pytest.mark.parametrize("rotation", range(8))
def test_the_suitcase_is_where_perspective_puts_it(parts, camera, rotation):
    """The corners of its body, by a pinhole camera in complex numbers."""
    degrees = renderer.OBJECT_DEGREES[rotation]
    corners = np.array([0.6 + 0.2j, 0.6 - 0.2j, -0.6 + 0.2j, -0.6 - 0.2j])
    corners = np.tile(corners * np.exp(1j * np.deg2rad(degrees)), 2)
    height = np.repeat([0.04, 0.8], 4) - 1.35
    view = np.exp(1j * np.deg2rad(renderer.CAMERA_DEGREES[camera]))
    from_eye = (corners + 2.5j) / view
    right, ahead = from_eye.real, from_eye.imag
    depth = (ahead - 0.31 * height) / (1 + 0.31**2)
    down = -(height + 0.31 * ahead) / (1 + 0.31**2)
    expected = 32 * (1 + np.array([down, right]) / depth / 0.56)
    rows, columns = np.nonzero(covered(parts[3])[2, camera, rotation])
    for places, exact in zip((rows, columns), expected, strict=True):
        assert places.min() == pytest.approx(exact.min() - 0.5, abs=1)
        assert places.max() == pytest.approx(exact.max() - 0.5, abs=1)
