"""A honeycomb with some dark cells, as on the floor and walls of 3D Shapes.

The original shows a texture of DeepMind Lab with such cells.
"""

import numpy as np

_COLUMNS, _ROWS = (
    10,
    8,
)  # of cells in a tile; odd columns are half a cell higher
_DARK = np.zeros((_ROWS, _COLUMNS), bool)
_DARK[(3, 3, 4, 4, 5), (3, 4, 4, 5, 5)] = True


def in_dark_cells(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Whether points are in dark cells.

    Args:
      u: To the right, `[n]`, in tiles, which repeat.
      v: Downwards, likewise.
    """
    u, v = u * _COLUMNS, v * _ROWS
    nearest = np.full(len(u), np.inf)
    dark = np.zeros(len(u), bool)
    for step in (-1, 0, 1):
        column = np.rint(u) + step
        shift = np.where(column % 2, 0, 0.5)
        row = np.rint(v - shift)
        x, y = np.abs(u - column), np.abs(v - shift - row)
        # 1 half way to the neighbours, in a tile that is square.
        reach = np.maximum(2 * y, 1.44 * x + 1.12 * y)
        closer = reach < nearest
        nearest[closer] = reach[closer]
        cell = np.stack([row % _ROWS, column % _COLUMNS]).astype(int)
        dark[closer] = _DARK[*cell][closer]
    return dark
