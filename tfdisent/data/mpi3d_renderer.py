"""Draws the views of a stand-in for MPI3D: an arm that carries an object.

The world is measured in pixels. Its origin, in the middle of the image, is the
arm's shoulder on a post above a round platform. A boom leads from it to the
centre of the object. At the angles psi (horizontal axis) and phi (vertical
axis) the object's axes are

    out  = (cos phi sin psi, -cos phi cos psi, sin phi)    along the boom
    side = (cos psi, sin psi, 0)
    up   = (-sin phi sin psi, sin phi cos psi, cos phi)

The camera is far away (orthographic). At the elevation e its axes are

    right = (1, 0, 0)    up = (0, sin e, cos e)    near = (0, -cos e, sin e)

There are no cast shadows.

Sines and cosines are rounded to multiples of 2^-20; none is nearer than 2e-9 to
a tie. All that follows is arithmetic that IEEE 754 fixes to the last bit, so
every machine draws the same bytes.
"""

import functools
import math

import numpy as np
import tqdm

from tfdisent.data import ray_casting
from tfdisent.data.mpi3d_camera import (
    IMAGE_SIZE,
    SAMPLES,
    Body,
    Box,
    box_around,
    look,
    samples_of,
    sum_of_samples,
)
from tfdisent.data.mpi3d_shapes import RADII, SHAPES, object_hits

VIEWS = (3, 40, 40)  # camera height, horizontal axis, vertical axis
NUM_VIEWS = math.prod(VIEWS)
SIZES = (4.5, 6.5)  # of the small and the large object, in pixels
BACKGROUNDS = ((112, 74, 142), (72, 150, 122), (236, 152, 128))
# The box of a sprite, around the pixel corner next to the object's centre.
BOX = 2 * math.ceil(SIZES[1] * max(RADII.values()) + 0.5)

# A view's bytes: a frame for each background, then for each shape and size a
# sprite: what it keeps of the frame, and its light.
FRAMES_SHAPE = (len(BACKGROUNDS), IMAGE_SIZE, IMAGE_SIZE, 3)
SPRITES_SHAPE = (len(SHAPES), len(SIZES), 2, BOX, BOX)
FRAMES_BYTES = math.prod(FRAMES_SHAPE)
VIEW_BYTES = FRAMES_BYTES + math.prod(SPRITES_SHAPE)

# sha256 of the bytes of `render_all()`.
SHA256 = "171564c2dbbf4a8536645e4f47732dce3fcc922848d6c74da04b1bf284de226c"

_ELEVATIONS = (55.0, 30.0, 8.0)  # degrees
_HORIZONTAL = np.linspace(-80.0, 80.0, VIEWS[1])
_VERTICAL = np.linspace(-25.0, 65.0, VIEWS[2])
_BOOM_LENGTH = 20.0
_BOOM_RADIUS = 1.3
_BOOM_COLOUR = (72, 76, 86)
_SHOULDER_RADIUS = 3.2
_SHOULDER_COLOUR = (48, 51, 60)
# Platform, foot and post: radius, lower and upper end, colour.
_STAND = (
    (24.0, -20.0, -17.0, (124, 126, 134)),
    (6.0, -17.0, -15.0, (48, 51, 60)),
    (2.2, -15.0, 0.0, (72, 76, 86)),
)


def render_all() -> np.ndarray:
    """Draws all views, in about 15 seconds on one core.

    Returns:
      `[4800, VIEW_BYTES]` uint8: camera height slowest, vertical axis fastest.
    """
    views = np.empty((NUM_VIEWS, VIEW_BYTES), np.uint8)
    for view in tqdm.trange(NUM_VIEWS, desc="drawing views", disable=None):
        views[view] = render_view(view)
    return views


def render_view(view: int) -> np.ndarray:
    """Draws what one camera sees of one position of the arm.

    Args:
      view: Mixed radix of VIEWS.

    Returns:
      `[VIEW_BYTES]` uint8.
    """
    axes = _axes(view)
    centre = _BOOM_LENGTH * axes[2]
    near, colour, frames = map(np.copy, _stand(view // math.prod(VIEWS[1:])))
    boom = functools.partial(
        ray_casting.cylinder,
        base=(0.0, 0.0, 0.0),
        radius=_BOOM_RADIUS,
        height=_BOOM_LENGTH,
    )
    box = box_around(np.stack([0 * centre, centre]), _BOOM_RADIUS)
    _draw(near, colour, boom, _BOOM_COLOUR, box=box, axes=axes)
    frames[:, *box] = _frames(near, colour, box)
    sprites = np.empty(SPRITES_SHAPE, np.uint8)
    for i, shape in enumerate(SHAPES):
        for j, size in enumerate(SIZES):
            sprites[i, j] = _sprite(shape, size, near, axes)
    return np.concatenate([frames.ravel(), sprites.ravel()])


def sprite_corners() -> np.ndarray:
    """Row and column of the upper left pixel of each view's sprites."""
    return np.array([_corner(_axes(view)) for view in range(NUM_VIEWS)])


def _axes(view: int) -> np.ndarray:
    """The object's side, up and out (rows) in the camera's axes, `[3, 3]`."""
    height, horizontal, vertical = np.unravel_index(view, VIEWS)
    cos_psi, sin_psi = _turn(_HORIZONTAL[horizontal])
    cos_phi, sin_phi = _turn(_VERTICAL[vertical])
    side = (cos_psi, sin_psi, 0.0)
    up = (-sin_phi * sin_psi, sin_phi * cos_psi, cos_phi)
    out = (cos_phi * sin_psi, -cos_phi * cos_psi, sin_phi)
    return _to_camera(np.array([side, up, out]), height)


def _to_camera(vectors: np.ndarray, height: int) -> np.ndarray:
    """World vectors `[3, 3]` in the axes of a camera: right, up, near."""
    x, y, z = vectors.T
    cos, sin = _turn(_ELEVATIONS[height])
    return np.stack([x, sin * y + cos * z, sin * z - cos * y], axis=-1)


def _turn(degrees: float) -> np.ndarray:
    """Cosine and sine `[2]`, rounded so that they are the same everywhere."""
    angle = np.deg2rad(degrees)
    return np.rint(np.array([np.cos(angle), np.sin(angle)]) * 2**20) / 2**20


@functools.cache
def _stand(height: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a camera sees of all that never moves.

    Returns:
      How near it is, `[S, S]`, and its colour, `[S, S, 3]` uint8, for all
      samples; and the frames, `[3, 64, 64, 3]` uint8.
    """
    size = IMAGE_SIZE * SAMPLES
    near = np.full((size, size), -np.inf, np.float32)
    colour = np.zeros((size, size, 3), np.uint8)
    whole = (slice(0, IMAGE_SIZE), slice(0, IMAGE_SIZE))
    axes = _to_camera(np.eye(3), height)
    for radius, low, high, paint in _STAND:
        body = functools.partial(
            ray_casting.cylinder,
            base=(0.0, 0.0, low),
            radius=radius,
            height=high - low,
        )
        _draw(near, colour, body, paint, box=whole, axes=axes)
    shoulder = functools.partial(
        ray_casting.sphere, centre=(0.0, 0.0, 0.0), radius=_SHOULDER_RADIUS
    )
    _draw(near, colour, shoulder, _SHOULDER_COLOUR, box=whole, axes=axes)
    return near, colour, _frames(near, colour, whole)


def _draw(
    near: np.ndarray,
    colour: np.ndarray,
    body: Body,
    paint: tuple[int, int, int],
    *,
    box: Box,
    axes: np.ndarray,
) -> None:
    """Adds a body about the origin to the samples of a box, in place."""
    distance, shade = look(body, box=box, axes=axes)
    samples = samples_of(box)
    seen = distance > near[samples]
    near[samples][seen] = distance[seen]
    painted = shade[seen][:, None] * np.array(paint, np.int32)
    colour[samples][seen] = (painted + 127) // 255


def _frames(near: np.ndarray, colour: np.ndarray, box: Box) -> np.ndarray:
    """Means of the samples of a box, before each background: `[3, h, w, 3]`."""
    samples = samples_of(box)
    empty = sum_of_samples(np.isneginf(near[samples]))[..., None]
    solid = sum_of_samples(colour[samples])
    behind = np.array(BACKGROUNDS, np.int32)[:, None, None]
    return _mean(solid + empty * behind)


def _sprite(
    shape: str, size: float, near: np.ndarray, axes: np.ndarray
) -> np.ndarray:
    """Draws an object at the end of the boom.

    Args:
      shape: Of the object.
      size: Of the object.
      near: How near the samples are that are seen without it, `[S, S]`.
      axes: See `_axes`.

    Returns:
      `[2, BOX, BOX]` uint8: 255 less the part of each pixel that it covers,
      and the mean over the pixel of its shade; 0 to 255.
    """
    centre = _BOOM_LENGTH * axes[2]
    box = box_around(centre[None], RADII[shape] * size)
    distance, shade = look(
        functools.partial(object_hits, shape, size),
        box=box,
        axes=np.roll(axes, 1, axis=0),  # it stands upright: out, side, up
        centre=centre,
    )
    seen = distance > near[samples_of(box)]
    top, left = _corner(axes)
    rows, columns = box
    sprite = np.zeros((2, BOX, BOX), np.uint8)
    sprite[0] = 255
    inner = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    sprite[0][inner] -= _mean(sum_of_samples(255 * seen))
    sprite[1][inner] = _mean(sum_of_samples(shade * seen))
    return sprite


def _corner(axes: np.ndarray) -> tuple[int, int]:
    """Row and column of the upper left pixel of the sprites."""
    right, up, _ = _BOOM_LENGTH * axes[2]
    middle = np.rint([-up, right]).astype(int) + IMAGE_SIZE // 2
    return tuple((middle - BOX // 2).tolist())


def _mean(sums: np.ndarray) -> np.ndarray:
    """Sums of a pixel's samples to means, rounded; uint8."""
    n = SAMPLES * SAMPLES
    return ((sums + n // 2) // n).astype(np.uint8)
