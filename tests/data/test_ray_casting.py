import numpy as np
import pytest

from tfdisent.data import ray_casting

# Each body, and whether a point [n, 3] is in it.
BODIES = {
    "sphere": (
        lambda o, d: ray_casting.sphere(
            o, d, centre=(0.2, -0.1, 0.3), radius=0.7
        ),
        lambda p: ((p - [0.2, -0.1, 0.3]) ** 2).sum(-1) < 0.49,
    ),
    "box": (
        lambda o, d: ray_casting.box(
            o, d, low=(-0.5, -0.4, -0.3), high=(0.6, 0.7, 0.2)
        ),
        lambda p: (
            ((p > [-0.5, -0.4, -0.3]) & (p < [0.6, 0.7, 0.2])).all(axis=-1)
        ),
    ),
    "cylinder": (
        lambda o, d: ray_casting.cylinder(
            o, d, base=(0.1, 0.0, -0.4), radius=0.5, height=0.9
        ),
        lambda p: (
            ((p[:, :2] - [0.1, 0.0]) ** 2).sum(-1) < 0.25
        ) & (np.abs(p[:, 2] - 0.05) < 0.45),
    ),
    "cone": (
        lambda o, d: ray_casting.cone(
            o, d, base=(0.0, 0.1, -0.5), radius=0.8, height=1.2
        ),
        lambda p: (
            np.hypot(p[:, 0], p[:, 1] - 0.1) < 0.8 * (0.7 - p[:, 2]) / 1.2
        ) & (p[:, 2] > -0.5),
    ),
    "cone that widens": (
        lambda o, d: ray_casting.cone(
            o, d, base=(0, 0, -0.5), radius=0.2, top_radius=0.7, height=1.0
        ),
        lambda p: (
            np.hypot(p[:, 0], p[:, 1]) < 0.2 + 0.5 * (p[:, 2] + 0.5)
        ) & (np.abs(p[:, 2]) < 0.5),
    ),
}  # fmt: skip


def rays(n=400):
    """From a ball around the bodies to points near them, of any length."""
    rng = np.random.default_rng(0)
    origins = rng.normal(size=(n, 3))
    origins *= 3 / np.linalg.norm(origins, axis=1, keepdims=True)
    targets = rng.uniform(-0.9, 0.9, (n, 3))
    return origins, (targets - origins) * rng.uniform(0.3, 3, (n, 1))


@pytest.mark.parametrize("name", BODIES)
def test_a_ray_meets_a_body_where_small_steps_along_it_do(name):
    cast, inside = BODIES[name]
    origins, directions = rays()
    hits = cast(origins, directions)
    lengths = np.linalg.norm(directions, axis=1)
    step = 0.004
    marched = np.full(len(origins), np.inf)
    for travelled in np.arange(1.5, 5, step):
        at = origins + directions * (travelled / lengths)[:, None]
        marched[np.isinf(marched) & inside(at)] = travelled
    met = hits.distance * lengths
    agree = np.isinf(met) == np.isinf(marched)
    # Marching steps over an edge that a ray only touches.
    assert agree.mean() > 0.98
    both = np.isfinite(met) & np.isfinite(marched)
    assert 100 < both.sum() < 390
    assert np.all(marched[both] - met[both] > -1e-9)
    assert np.mean(marched[both] - met[both] < step + 1e-9) > 0.98


@pytest.mark.parametrize("name", BODIES)
def test_normals_are_unit_vectors_that_point_out_of_the_body(name):
    cast, inside = BODIES[name]
    origins, directions = rays()
    hits = cast(origins, directions)
    hit = np.isfinite(hits.distance)
    at = (origins + hits.distance[:, None] * directions)[hit]
    normal = hits.normal[hit]
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-9)
    assert np.all((normal * directions[hit]).sum(axis=1) < 0)
    assert not inside(at + 1e-4 * normal).any()
    assert inside(at - 1e-4 * normal).mean() > 0.98  # but at edges
    assert np.all(hits.normal[~hit] == 0)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_behind_the_origin_is_missed(name):
    cast, _ = BODIES[name]
    origins, directions = rays()
    hit = np.isfinite(cast(origins, directions).distance)
    assert np.all(np.isinf(cast(origins[hit], -directions[hit]).distance))


def test_a_sphere_is_met_at_the_distance_that_pythagoras_gives():
    origin, directions = np.array([0.0, 0.3, -5]), np.array([[0.0, 0, 2]])
    hits = ray_casting.sphere(origin, directions, centre=(0, 0, 0), radius=0.5)
    np.testing.assert_allclose(hits.distance, [(5 - 0.4) / 2])
    np.testing.assert_allclose(hits.normal, [[0, 0.6, -0.8]])


def test_rays_along_an_axis_meet_the_faces_of_a_box():
    directions = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    origins = np.array([[-3.0, 0, 0], [0, -3.0, 0], [0, 0, -3.0]])
    hits = ray_casting.box(origins, directions, low=(-1,) * 3, high=(2,) * 3)
    np.testing.assert_array_equal(hits.distance, [2, 2, 2])
    np.testing.assert_array_equal(hits.normal, -directions)
    beside = ray_casting.box(
        origins - [0, 3, 3], directions, low=(-1,) * 3, high=(2,) * 3
    )
    assert np.isinf(beside.distance[0])


def test_the_nearest_of_bodies_wins():
    origins, directions = rays()
    casts = [BODIES[name][0] for name in ("sphere", "box", "cone")]
    hits = [cast(origins, directions) for cast in casts]
    best, which = ray_casting.nearest(*hits)
    for ray in range(len(origins)):
        distances = [hit.distance[ray] for hit in hits]
        assert best.distance[ray] == min(distances)
        if np.isfinite(best.distance[ray]):
            first = hits[which[ray]]
            assert first.distance[ray] == min(distances)
            np.testing.assert_array_equal(best.normal[ray], first.normal[ray])


def test_numbers_stay_of_the_type_of_the_directions():
    origins, directions = (a.astype(np.float32) for a in rays())
    for cast, _ in BODIES.values():
        hits = cast(origins, directions)
        assert hits.distance.dtype == hits.normal.dtype == np.float32
