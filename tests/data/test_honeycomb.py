import numpy as np

from tfdisent.data.honeycomb import in_dark_cells


def grid(size):
    steps = (np.arange(size) + 0.5) / size
    v, u = np.meshgrid(steps, steps, indexing="ij")
    return u.ravel(), v.ravel()


def test_five_of_eighty_cells_are_dark():
    assert abs(in_dark_cells(*grid(800)).mean() - 5 / 80) < 1e-3


def test_each_cell_is_of_one_shade_around_its_centre():
    # Column and row; the centres of even columns are half a cell lower.
    dark = {(3, 3), (4, 3), (4, 4), (5, 4), (5, 5)}
    for column in range(10):
        for row in range(8):
            turn = np.linspace(0, 2 * np.pi, 12)
            u = (column + 0.4 * np.cos(turn)) / 10
            v = (row + 0.5 * (column % 2 == 0) + 0.4 * np.sin(turn)) / 8
            shades = in_dark_cells(u, v)
            assert np.all(shades == ((column, row) in dark))


def test_tiles_repeat():
    u, v = grid(200)
    np.testing.assert_array_equal(
        in_dark_cells(u, v), in_dark_cells(u - 3, v + 2)
    )
