import numpy as np
import pytest

from tfdisent.data import shapes3d_scene as scene


def test_a_view_projects_points_to_where_its_rays_meet_them():
    view = scene.view(3, 64)
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, 64, (2, 50))
    depth = rng.uniform(0.3, 2, (50, 1))
    points = view.eye + depth * view.directions[rows, columns]
    at = view.pixels_of(points) * 64
    np.testing.assert_allclose(at[:, 0], columns + 0.5)
    np.testing.assert_allclose(at[:, 1], rows + 0.5)


def test_orientations_turn_the_camera_about_the_object():
    eyes = np.array([scene.view(o, 2).eye for o in range(15)])
    np.testing.assert_allclose(np.hypot(*eyes[:, :2].T), np.hypot(*eyes[0, :2]))
    turned = np.degrees(np.arctan2(eyes[:, 0], -eyes[:, 1]))
    np.testing.assert_allclose(turned, np.linspace(-30, 30, 15), atol=1e-9)


@pytest.mark.parametrize("shape", range(4))
def test_shadows_are_where_the_object_hides_the_lamp(shape):
    rng = np.random.default_rng(0)
    points = np.zeros((200, 3))
    points[:, :2] = rng.uniform(-0.3, 0.3, (200, 2))
    steps = np.linspace(0.001, 0.3, 500)[:, None]
    hidden = [
        in_object(shape, 5, point + steps * (scene._LAMP_AT - point)).any()
        for point in points
    ]
    dark = scene.in_shadow(shape, 5, points)
    assert 0.1 < dark.mean() < 0.5
    assert np.mean(hidden == dark) > 0.98


def in_object(shape, scale, points):
    """Whether points are in an object, told from its outline box and form."""
    corners = scene.outline(shape, scale)[:8]
    radius, height = corners[:, 0].max(), corners[:, 2].max()
    x, y, z = points.T
    if shape == scene.CUBE:
        return (np.abs(points[:, :2]) < radius).all(axis=1) & (z < height)
    if shape == scene.CYLINDER:
        return (np.hypot(x, y) < radius) & (z < height)
    nearest = np.clip(z, radius, height - radius)  # of its axis
    return x**2 + y**2 + (z - nearest) ** 2 < radius**2
