"""A camera far away that looks at one body in a part of an image.

The axes of the camera are right, up and near (towards it). Its origin is in the
middle of the image and lengths are in pixels. A lamp moves with the camera: it
gives a surface of normal n the brightness

    shade = 0.4 + 0.6 max(0, n . lamp)

A pixel has 3 x 3 samples, one ray each.
"""

from collections.abc import Callable

import numpy as np

from tfdisent.data.ray_casting import Hits

IMAGE_SIZE = 64
SAMPLES = 3  # along the side of a pixel

# Gives the hits for origins [n, 3] and directions [n, 3], in the body's axes.
Body = Callable[[np.ndarray, np.ndarray], Hits]
# Rows and columns of pixels.
Box = tuple[slice, slice]

_AMBIENT = 0.4
_LAMP = (-0.48, 0.64, 0.6)  # of length 1
_FAR = 64.0  # from where rays start


def box_around(points: np.ndarray, margin: float) -> Box:
    """The pixels within `margin` of points `[n, 3]` of the camera's axes."""
    across = np.stack([-points[:, 1], points[:, 0]]) + IMAGE_SIZE // 2
    low = np.floor(across.min(axis=1) - margin).astype(int)
    high = np.ceil(across.max(axis=1) + margin).astype(int)
    return slice(low[0], high[0]), slice(low[1], high[1])


def samples_of(box: Box) -> Box:
    """Rows and columns of the samples of a box of pixels."""
    return tuple(slice(s.start * SAMPLES, s.stop * SAMPLES) for s in box)


def sum_of_samples(values: np.ndarray) -> np.ndarray:
    """Adds up the samples `[3 h, 3 w, ...]` of pixels: `[h, w, ...]` int32."""
    height, width = values.shape[0] // SAMPLES, values.shape[1] // SAMPLES
    blocks = values.reshape(height, SAMPLES, width, SAMPLES, *values.shape[2:])
    return blocks.sum(axis=(1, 3), dtype=np.int32)


def look(
    body: Body,
    *,
    box: Box,
    axes: np.ndarray,
    centre: np.ndarray = (0.0, 0.0, 0.0),
) -> tuple[np.ndarray, np.ndarray]:
    """Looks at a body with the samples of a box.

    Args:
      body: About the origin of its own axes.
      box: Of pixels.
      axes: The body's axes (rows) in those of the camera, `[3, 3]`.
      centre: Of the body, in the axes of the camera.

    Returns:
      How near each sample's hit is, `[h, w]` float32, -inf where the body is
      missed; and its shade from 0 to 255, `[h, w]` int32.
    """
    rows, columns = (
        (np.arange(s.start, s.stop) + 0.5) / SAMPLES - IMAGE_SIZE // 2
        for s in samples_of(box)
    )
    right, up = columns - centre[0], -rows[:, None] - centre[1]
    # The camera's axes in those of the body. Components come first in memory:
    # the sums over them are then sums of long rows, which is 2 times as fast.
    right_axis, up_axis, near_axis = axes.T[..., None, None]
    origins = right * right_axis + (up * up_axis + _FAR * near_axis)
    shape = origins.shape[1:]
    origins = origins.astype(np.float32).reshape(3, -1).T
    directions = np.empty_like(origins)
    directions[:] = -axes[:, 2]
    hits = body(origins, directions)
    near = np.float32(centre[2] + _FAR) - hits.distance
    lamp = (axes * _LAMP).sum(axis=1).astype(np.float32)
    light = np.maximum((hits.normal * lamp).sum(axis=1), 0)
    shade = np.rint(255 * (_AMBIENT + (1 - _AMBIENT) * light))
    return near.reshape(shape), shade.astype(np.int32).reshape(shape)
