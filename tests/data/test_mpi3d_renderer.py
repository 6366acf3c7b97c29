import hashlib

import numpy as np
import pytest

from tfdisent.data import mpi3d_renderer as renderer
from tfdisent.data.mpi3d_shapes import SHAPES

ELEVATIONS = (55, 30, 8)


def view_of(height, horizontal, vertical):
    return (height * 40 + horizontal) * 40 + vertical


def parts(view):
    """Frames [3, 64, 64, 3] and sprites [6, 2, 2, B, B] of a view."""
    row = renderer.render_view(view)
    frames = row[: renderer.FRAMES_BYTES].reshape(renderer.FRAMES_SHAPE)
    sprites = row[renderer.FRAMES_BYTES :].reshape(renderer.SPRITES_SHAPE)
    return frames, sprites


def test_some_views_have_the_known_hash():
    digest = hashlib.sha256()
    for view in range(0, renderer.NUM_VIEWS, 83):
        digest.update(renderer.render_view(view))
    assert digest.hexdigest() == (
        "0b0abd607c7144f2c39eb36aa95a08de8d104c2c66e1748545afd3244c2a5f75"
    )


@pytest.mark.slow
def test_all_views_have_the_known_hash():
    views = renderer.render_all()
    assert views.shape == (4800, renderer.VIEW_BYTES)
    assert hashlib.sha256(views).hexdigest() == renderer.SHA256


@pytest.mark.parametrize("height", range(3))
def test_the_platform_is_a_disc_before_the_background(height):
    frames, _ = parts(view_of(height, 20, 39))  # the arm points upwards
    tilt = np.deg2rad(ELEVATIONS[height])
    y, x = np.mgrid[:64, :64] + 0.5 - 32
    away = abs(x) > 8  # from post and arm
    # A pile of discs, each an ellipse, 1 pixel larger and 1 smaller.
    grown, shrunk = (
        np.any(
            [
                (x / (24 + margin)) ** 2
                + ((y - depth * np.cos(tilt)) / (24 * np.sin(tilt) + margin))
                ** 2
                < 1
                for depth in np.linspace(17, 20, 30)
            ],
            axis=0,
        )
        for margin in (1, -1)
    )
    for frame, background in zip(frames, renderer.BACKGROUNDS, strict=True):
        outside = away & ~grown
        assert np.all(frame[outside] == background)
        assert not (frame[shrunk] == background).all(axis=-1).any()
    solid = np.ptp(frames, axis=0).max(axis=-1) == 0
    assert solid[shrunk].all() and not solid[away & ~grown].any()


@pytest.mark.parametrize(
    "height, horizontal, vertical", [(0, 0, 0), (1, 12, 33), (2, 39, 20)]
)
def test_the_object_is_at_the_tip(height, horizontal, vertical):
    view = view_of(height, horizontal, vertical)
    psi = np.deg2rad(-80 + 160 * horizontal / 39)
    phi = np.deg2rad(-25 + 90 * vertical / 39)
    tilt = np.deg2rad(ELEVATIONS[height])
    forward = 20 * np.cos(phi) * np.cos(psi)  # towards the viewer
    column = 32 + 20 * np.cos(phi) * np.sin(psi)
    row = 32 + forward * np.sin(tilt) - 20 * np.sin(phi) * np.cos(tilt)
    _, sprites = parts(view)
    top, left = renderer.sprite_corners()[view]
    light = sprites[SHAPES.index("sphere"), 1, 1]
    rows, columns = np.nonzero(light)
    assert top + (rows.min() + rows.max() + 1) / 2 == pytest.approx(row, abs=1)
    assert left + (columns.min() + columns.max() + 1) / 2 == pytest.approx(
        column, abs=1
    )


@pytest.mark.parametrize("height", range(3))
@pytest.mark.parametrize("horizontal", [0, 10, 39])
def test_the_boom_leads_from_the_shoulder_to_the_tip(height, horizontal):
    view = view_of(height, horizontal, 39)
    frames, _ = parts(view)
    tip = renderer.sprite_corners()[view] + renderer.BOX / 2
    for part in np.linspace(0, 1, 20):
        row, column = (32 + part * (tip - 32)).astype(int)
        assert frames[0, row, column].max() < 90
    row, column = (32 + 1.3 * (tip - 32)).astype(int)
    assert frames[0, row, column].max() > 110


def test_the_shoulder_hides_the_beginning_of_the_boom():
    for view in (view_of(0, 0, 10), view_of(1, 39, 0), view_of(2, 2, 20)):
        middle = parts(view)[0][0, 31:33, 31:33].mean(axis=(0, 1))
        shade = 0.4 + 0.6 * 0.6
        np.testing.assert_allclose(
            middle, shade * np.array([48, 51, 60]), atol=2
        )


def test_sprites_cover_what_the_shapes_cover():
    # Looked at along the boom, which hides behind the objects.
    _, sprites = parts(view_of(2, 20, 14))
    area = (1 - sprites[:, :, 0] / 255).sum(axis=(2, 3))
    size = np.array(renderer.SIZES)
    for shape, unit_area in [
        ("sphere", np.pi),
        ("cube", 1.7**2),
        ("cylinder", 1.4 * 2),
        ("cone", 2.0),
        ("pyramid", 1.8 * 1.8 / 2),
    ]:
        seen = area[SHAPES.index(shape)] / size**2
        np.testing.assert_allclose(seen, unit_area, rtol=0.06, err_msg=shape)


@pytest.mark.parametrize(
    "height, horizontal, hidden", [(0, 0, 1.0), (2, 20, 0.0)]
)
def test_the_boom_hides_a_part_of_what_is_behind_it(height, horizontal, hidden):
    sphere, missing = SHAPES.index("sphere"), []
    for i, j in np.ndindex(3, 3):
        keep = parts(view_of(height, horizontal + i, j))[1][sphere, 1, 0]
        covered = (1 - keep / 255).sum()
        missing.append(np.pi * renderer.SIZES[1] ** 2 - covered)
    assert np.mean(missing) == pytest.approx(hidden, abs=0.35)


def test_light_never_exceeds_what_is_covered():
    for view in range(0, renderer.NUM_VIEWS, 211):
        keep, light = np.moveaxis(parts(view)[1].astype(int), 2, 0)
        assert np.all(light <= 255 - keep)
        assert np.all((light > 0) == (keep < 255))


def test_all_sprites_lie_in_the_image():
    corners = renderer.sprite_corners()
    assert corners.shape == (4800, 2)
    assert corners.min() >= 0
    assert corners.max() <= renderer.IMAGE_SIZE - renderer.BOX
