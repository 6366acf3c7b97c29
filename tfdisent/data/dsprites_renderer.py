"""Draws dSprites: 737,280 binary images of 64 x 64 pixels.

The geometry reproduces known frames of the data set of Matthey et al.
(2017) pixel for pixel. With v pointing down the screen, R = 9.6 pixels:

    square   (+-R, +-R)
    ellipse  (1.33 R cos t, R / 1.33 sin t)              t = 2 pi k / 100
    heart    (R sin^3 t, -R (Y(t) / 14.5 + 0.15))        t = 2 pi k / 150
             Y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t

An outline is scaled, turned counter-clockwise on the screen and moved to
(16 + 32 x, 16 + 32 y). Its vertices are rounded to 1/256 pixel. A pixel is
white if its centre is inside the polygon (even-odd rule); a centre exactly
on an edge belongs to the left and to the bottom edges, as in OpenGL. There
is no anti-aliasing.

References:
  Matthey et al. (2017), dSprites: Disentanglement testing Sprites dataset.
  https://github.com/google-deepmind/dsprites-dataset
"""

import numpy as np

FACTOR_NAMES = ("shape", "scale", "orientation", "x_position", "y_position")
FACTOR_SIZES = (3, 6, 40, 32, 32)
NUM_IMAGES = 737_280
IMAGE_SIZE = 64
BYTES_PER_IMAGE = IMAGE_SIZE * IMAGE_SIZE // 8

# sha256 of the bytes of `render_all()`.
SHA256 = "faaf9cf5fa6256819224cb831e7fe802f7e166a63fda58f12c5f1c6eec3f5ea0"

# The value of each factor, as the published file lists them. Orientation 39
# is a full turn, so its images are those of orientation 0.
FACTOR_VALUES = (
    np.array([1.0, 2.0, 3.0]),
    np.linspace(0.5, 1.0, 6),
    np.linspace(0.0, 2.0 * np.pi, 40),
    np.linspace(0.0, 1.0, 32),
    np.linspace(0.0, 1.0, 32),
)

_RADIUS = 9.6  # pixels
_SUBPIXELS = 256
# _COLUMNS_BELOW[c] has the bits of the columns 0 .. c - 1.
_COLUMNS_BELOW = np.array([(1 << c) - 1 for c in range(65)], dtype=np.uint64)


def render_all() -> np.ndarray:
    """Draws the whole data set, in about 2 seconds on one core.

    Returns:
      [737280, 512] uint8: 8 bytes per image row, one bit per pixel. The
      lowest bit of the first byte is the leftmost pixel. Images are in
      the order of the factors, the last factor fastest.
    """
    centres = 16.0 + 32.0 * FACTOR_VALUES[3][:, None]  # the same in x and y
    rows = np.empty((*FACTOR_SIZES, IMAGE_SIZE), dtype="<u8")
    for shape, scale, orientation in np.ndindex(FACTOR_SIZES[:3]):
        x, y = _outline(shape, scale, orientation)
        rows[shape, scale, orientation] = _fill(
            _to_grid(centres + x), _to_grid(centres + y)
        )
    return rows.view(np.uint8).reshape(NUM_IMAGES, BYTES_PER_IMAGE)


def _outline(
    shape: int, scale: int, orientation: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the vertices x [n], y [n] about the centre, in pixels."""
    if shape == 0:
        u, v = np.array([[-1.0, 1.0, 1.0, -1.0], [-1.0, -1.0, 1.0, 1.0]])
    elif shape == 1:
        t = np.arange(100) * (2.0 * np.pi / 100)
        u, v = 1.33 * np.cos(t), np.sin(t) / 1.33
    else:
        t = np.arange(150) * (2.0 * np.pi / 150)
        up = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t)
        u, v = np.sin(t) ** 3, -((up - np.cos(4 * t)) / 14.5 + 0.15)
    size = _RADIUS * FACTOR_VALUES[1][scale]
    angle = FACTOR_VALUES[2][orientation]
    cos, sin = np.cos(angle), np.sin(angle)
    return size * (cos * u + sin * v), size * (cos * v - sin * u)


def _to_grid(pixels: np.ndarray) -> np.ndarray:
    """Rounds coordinates to the nearest 1/256 pixel; returns integers."""
    return np.rint(pixels * _SUBPIXELS).astype(np.int64)


def _fill(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fills one polygon at all its positions.

    Every edge that crosses a row flips the pixels to the left of the
    crossing, which leaves the inside set: the even-odd rule.

    Args:
      x: [X, n] vertices for each x position, in 1/256 pixel.
      y: [Y, n] vertices for each y position, in 1/256 pixel.

    Returns:
      [X, Y, 64] uint64: one word per image row, lowest bit leftmost.
    """
    row_of, edge, row = _crossings(y)
    y_start, y_step = y, np.roll(y, -1, axis=1) - y
    x_start, x_step = x, np.roll(x, -1, axis=1) - x
    centre = _SUBPIXELS // 2

    # The first column whose centre is not left of the crossing:
    #   column + 1/2 >= x + dx (row + 1/2 - y) / dy
    # Numerator and denominator are whole numbers below 2^53 and the
    # quotient is no closer than 1 / |256 dy| to a whole number that it is
    # not equal to, so the ceiling is exact.
    dy = y_step[row_of, edge].astype(np.float64)
    down = row * _SUBPIXELS + centre - y_start[row_of, edge]
    numerator = (x_start[:, edge] - centre) * dy + x_step[:, edge] * down
    column = np.ceil(numerator / (_SUBPIXELS * dy)).astype(np.int64)

    # Crossings come sorted by image row: xor each run of equal rows.
    target = row_of * IMAGE_SIZE + row
    first = np.flatnonzero(np.diff(target, prepend=-1))
    words = np.zeros((len(x), len(y) * IMAGE_SIZE), np.uint64)
    words[:, target[first]] = np.bitwise_xor.reduceat(
        _COLUMNS_BELOW[column], first, axis=1
    )
    return words.reshape(len(x), len(y), IMAGE_SIZE)


def _crossings(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lists which edge crosses the centre line of which row.

    Args:
      y: [Y, n] vertices for each y position, in 1/256 pixel.

    Returns:
      Three arrays [m], sorted by position, then row: y position in
      [0, Y), edge in [0, n), image row in [0, 64).
    """
    centre = _SUBPIXELS // 2
    y_end = np.roll(y, -1, axis=1)
    # Row centres in (min, max]: the top end excluded, the bottom included.
    first = (np.minimum(y, y_end) - centre) // _SUBPIXELS + 1
    last = (np.maximum(y, y_end) - centre) // _SUBPIXELS
    counts = (last - first + 1).ravel()
    source = np.repeat(np.arange(counts.size), counts)
    nth = np.arange(source.size) - np.repeat(np.cumsum(counts) - counts, counts)
    row = first.ravel()[source] + nth
    position, edge = np.divmod(source, y.shape[1])
    order = np.argsort(position * IMAGE_SIZE + row, kind="stable")
    return position[order], edge[order], row[order]
