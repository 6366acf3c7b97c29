import functools

import numpy as np

from tfdisent.data import mpi3d_camera, ray_casting

BALL = functools.partial(ray_casting.sphere, centre=(0, 0, 0), radius=5.0)
BOX = (slice(20, 40), slice(30, 52))


def sample_positions(centre):
    """Right and up of each sample of BOX, from the centre."""
    right = (np.arange(90, 156) + 0.5) / 3 - 32 - centre[0]
    up = 32 - (np.arange(60, 120) + 0.5) / 3 - centre[1]
    return np.meshgrid(right, up)


def test_a_ball_is_seen_as_a_disc_that_bulges():
    centre = np.array([7.3, 2.6, -1.5])
    axes = np.array([(0.6, 0, 0.8), (0, 1, 0), (-0.8, 0, 0.6)])
    near, shade = mpi3d_camera.look(BALL, box=BOX, axes=axes, centre=centre)
    right, up = sample_positions(centre)
    depth = np.sqrt(np.maximum(25 - right**2 - up**2, 0))
    seen = np.isfinite(near)
    assert np.mean(seen == (depth > 0)) > 0.999
    np.testing.assert_allclose(near[seen], depth[seen] - 1.5, atol=0.01)
    facing = (-0.48 * right + 0.64 * up + 0.6 * depth) / 5
    bright = 255 * (0.4 + 0.6 * np.maximum(facing, 0))
    assert abs(shade[seen] - bright[seen]).max() < 1
    assert shade[seen].max() >= 254


def test_a_body_is_turned_by_its_axes():
    # A flat box, wide along its own y, which points to the right.
    plate = functools.partial(ray_casting.box, low=(-1, -8, -3), high=(1, 8, 3))
    axes = np.array([(0, 0, -1.0), (1, 0, 0), (0, -1, 0)])
    centre = (8.0, 2.0, 0.0)
    near, _ = mpi3d_camera.look(plate, box=BOX, axes=axes, centre=centre)
    right, up = sample_positions(centre)
    np.testing.assert_array_equal(
        np.isfinite(near), (abs(right) < 8) & (abs(up) < 3)
    )
    np.testing.assert_allclose(near[np.isfinite(near)], 1, atol=1e-5)


def test_a_box_holds_its_points_and_margin():
    points = np.array([(-3.2, 4.7, 9), (10.5, -2, 0)])
    rows, columns = mpi3d_camera.box_around(points, 1.5)
    assert (rows, columns) == (slice(25, 36), slice(27, 44))


def test_samples_are_added_up_by_pixel():
    values = np.random.default_rng(0).integers(0, 255, (6, 9, 2), np.uint8)
    sums = mpi3d_camera.sum_of_samples(values)
    assert sums.shape == (2, 3, 2)
    for row, column in np.ndindex(2, 3):
        block = values[3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        np.testing.assert_array_equal(
            sums[row, column], block.astype(int).sum(axis=(0, 1))
        )
