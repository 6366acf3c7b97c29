import numpy as np
import pytest

from tfdisent.data import ray_casting
from tfdisent.data.mpi3d_shapes import RADII, SHAPES, object_hits, polyhedron

SIZE = 2.0


def inside(shape, points):
    """Whether points [n, 3] are inside of the object, by its definition."""
    x, y, z = points.T / SIZE
    across = np.hypot(x, y)
    if shape == "cone":
        return (abs(z) < 1) & (across < (1 - z) / 2)
    if shape == "cube":
        return abs(points / SIZE).max(axis=1) < 0.85
    if shape == "cylinder":
        return (abs(z) < 1) & (across < 0.7)
    if shape == "hexagonal":
        angles = np.deg2rad([30, 90, 150, 210, 270, 330])
        sides = np.outer(x, np.cos(angles)) + np.outer(y, np.sin(angles))
        return (abs(z) < 0.5) & (sides.max(axis=1) < 0.95)
    if shape == "pyramid":
        return (abs(z) < 0.9) & (np.maximum(abs(x), abs(y)) < (0.9 - z) / 2)
    return np.hypot(across, z) < 1


def rays(n=400):
    rng = np.random.default_rng(3)
    origins = rng.normal(size=(n, 3))
    origins *= 10 / np.linalg.norm(origins, axis=1, keepdims=True)
    directions = rng.uniform(-SIZE, SIZE, size=(n, 3)) - origins
    return origins, directions / np.linalg.norm(directions, axis=1)[:, None]


@pytest.mark.parametrize("shape", SHAPES)
def test_rays_stop_where_the_object_begins(shape):
    origins, directions = rays()
    hits = object_hits(shape, SIZE, origins, directions)
    for i, stop in enumerate(hits.distance):
        along = np.arange(0, 20, 0.02)[:, None]
        within = inside(shape, origins[i] + along * directions[i])
        if np.isinf(stop):
            assert within.sum() <= 2  # grazed at most
        else:
            assert along[within].size == 0 or abs(along[within][0] - stop) < 0.1
            assert not within[along[:, 0] < stop - 1e-6].any()
    met = np.isfinite(hits.distance)
    assert 0.2 < met.mean() < 0.9


@pytest.mark.parametrize("shape", SHAPES)
def test_normals_point_out_of_the_surface(shape):
    origins, directions = rays()
    hits = object_hits(shape, SIZE, origins, directions)
    met = np.isfinite(hits.distance)
    normals = hits.normal[met]
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, rtol=1e-6)
    assert np.all((normals * directions[met]).sum(axis=1) < 0)
    at = origins[met] + hits.distance[met, None] * directions[met]
    assert inside(shape, at - 1e-4 * normals).mean() > 0.99
    assert not inside(shape, at + 1e-4 * normals).any()
    np.testing.assert_array_equal(hits.normal[~met], 0)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_radius_is_just_large_enough(shape):
    points = np.random.default_rng(0).uniform(-4, 4, size=(200_000, 3))
    reach = np.linalg.norm(points[inside(shape, points)], axis=1).max()
    assert 0.93 < reach / (SIZE * RADII[shape]) <= 1


def test_a_polyhedron_of_six_faces_is_a_box():
    origins, directions = rays()
    directions[:3] = np.eye(3)  # along the faces
    origins[:3] = -10 * np.eye(3) + 0.5 * np.roll(np.eye(3), 1, axis=1)
    faces = [*np.eye(3), *-np.eye(3)]
    body = polyhedron(
        origins, directions, normals=faces, offsets=[1, 2, 1.5, 1, 1, 0.5]
    )
    box = ray_casting.box(
        origins, directions, low=(-1, -1, -0.5), high=(1, 2, 1.5)
    )
    np.testing.assert_allclose(body.distance, box.distance, rtol=1e-12)
    np.testing.assert_array_equal(body.normal, box.normal)
    assert np.isfinite(body.distance[:3]).all()


def test_a_ray_along_a_face_outside_of_it_misses():
    origins, directions = np.array([[-5.0, 1.1, 0]]), np.array([[1.0, 0, 0]])
    faces = [*np.eye(3), *-np.eye(3)]
    hits = polyhedron(origins, directions, normals=faces, offsets=[1] * 6)
    assert np.isinf(hits.distance[0])
