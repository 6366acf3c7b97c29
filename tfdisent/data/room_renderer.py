"""Draws the room for concepts: one object between walls, 64 x 64 pixels.

The object stands at the origin, z points up. Where the ray of a camera ends, on
a body with the unit normal n, the light from direction l makes it as bright as

    s = 0.6 + 0.4 n.l            where the way to the light is free,
    s = 0.6 + 0.4 min(n.l, 0)    in shadow,

rounded to a whole number of 255ths. A pixel has 9 rays. Each material m has
the light L_m = floor(sum of s over its rays / 9) of them, and the pixel is

    sum over m of floor(L_m colour_m)

which `LayeredDataset` adds up: one layer for each hue of the walls, the floor
and the object, and one for what has a colour of its own. The camera alone
decides how the empty room looks; an object is drawn by those rays only that
meet the cylinder around it or end in that cylinder's shadow.

All is +, -, *, / and square roots, which are rounded alike everywhere; sines
and cosines are rounded to a millionth first. No s is nearer than
0.000008 / 255 to a tie of its rounding.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import tqdm

from tfdisent.data.ray_casting import Hits, box, cone, cylinder, nearest

FACTOR_NAMES = (
    "wall_color",
    "floor_color",
    "object_color",
    "object_identity",
    "camera_rotation",
    "object_rotation",
)
FACTOR_SIZES = (16, 16, 16, 3, 8, 8)
NUM_COLOURS = 3  # of the factors, the first ones
IMAGE_SIZE = 64
SHAPE = (3 * 8 * 8, 1 + 3 * 16, IMAGE_SIZE, IMAGE_SIZE, 3)

# sha256 of the bytes of `render_layers()`.
SHA256 = "1dc3720c03adb0a1dcca03c5b7c36f7fe780005de80fd0153ceebc5f7a98e623"

CAMERA_DEGREES = np.linspace(-12.25, 12.25, 8)  # 0 looks at the object
OBJECT_DEGREES = np.arange(8) * 45 + 20.0  # no side is seen exactly edge-on

_SAMPLES = 3  # along each side of a pixel
_EYE = np.array([0.0, -2.5, 1.35])
_DOWN = 0.31  # slope of the camera's axis
_HALF_VIEW = 0.56  # slope of the rays at the edge of the image
_LIGHT = np.array([-6.0, -10.0, 15.0]) / 19  # of length 1
_ROOM = np.array([[-1.9, -3.0, 0.0], [1.9, 1.9, 3.0]])  # no ceiling is seen
_BOARD = 0.13  # height of the skirting along the walls
_AROUND = {"base": (0, 0, 0), "radius": 0.66, "height": 1.3}  # the objects

_WALL, _FLOOR, _OBJECT, _SKIRTING, _WOOD, _CREAM, _DARK = range(7)
# Of the materials that no factor colours: skirting, wood, cream, dark.
_OWN_COLOURS = np.array(
    [(250, 248, 240), (214, 170, 110), (255, 246, 220), (60, 52, 56)]
)

_Body = tuple[int, Callable[..., Hits]]  # material, where rays meet it


def _body(material: int, meet: Callable[..., Hits], **shape) -> _Body:
    return material, partial(meet, **shape)


def _disc(origins, directions, *, y: tuple[float, float], z, radius) -> Hits:
    """Where rays meet a cylinder that lies along y, at height z."""
    swap = [0, 2, 1]
    distance, normal = cylinder(
        origins[..., swap],
        directions[:, swap],
        base=(0, z, y[0]),
        radius=radius,
        height=y[1] - y[0],
    )
    return Hits(distance, normal[:, swap])


# Each has something on one side only, lest two rotations look the same.
_feather = partial(cone, radius=0.02, top_radius=0.12)
_HAT = (
    _body(_OBJECT, cylinder, base=(0, 0, 0), radius=0.64, height=0.07),
    _body(
        _OBJECT, cone, base=(0, 0, 0), radius=0.42, top_radius=0.34, height=0.7
    ),
    _body(_DARK, cylinder, base=(0, 0, 0.07), radius=0.43, height=0.13),
    _body(_CREAM, _feather, base=(0.46, 0, 0.1), height=0.6),
    _body(_CREAM, cone, base=(0.46, 0, 0.7), radius=0.12, height=0.3),
)
_ICE_LOLLY = (
    _body(_WOOD, box, low=(-0.08, -0.05, 0), high=(0.08, 0.05, 0.4)),
    _body(_OBJECT, box, low=(-0.36, -0.14, 0.36), high=(0.36, 0.14, 0.92)),
    _body(_OBJECT, _disc, y=(-0.14, 0.14), z=0.92, radius=0.36),
    _body(_CREAM, box, low=(-0.2, -0.18, 0.5), high=(-0.08, -0.14, 1.0)),
    _body(_CREAM, box, low=(0.08, -0.18, 0.5), high=(0.2, -0.14, 1.0)),
)
_SUITCASE = (
    _body(_OBJECT, box, low=(-0.6, -0.2, 0.04), high=(0.6, 0.2, 0.8)),
    _body(_DARK, box, low=(-0.52, -0.16, 0), high=(0.52, 0.16, 0.04)),
    _body(_DARK, box, low=(-0.23, 0.05, 0.8), high=(-0.15, 0.14, 1.0)),
    _body(_DARK, box, low=(0.15, 0.05, 0.8), high=(0.23, 0.14, 1.0)),
    _body(_DARK, box, low=(-0.23, 0.05, 0.94), high=(0.23, 0.14, 1.02)),
    _body(_CREAM, box, low=(-0.42, -0.24, 0.28), high=(-0.08, -0.2, 0.58)),
)


class _Ends(NamedTuple):
    """Where n rays end: material [n], distance [n] and n.l [n]."""

    material: np.ndarray
    distance: np.ndarray
    slant: np.ndarray


def render_layers() -> np.ndarray:
    """Draws all 192 geometries, in about 3 seconds on one core.

    Returns:
      `[192, 49, 64, 64, 3]` uint8, as `LayeredDataset` wants them. Geometries
      are in mixed radix of identity, camera and rotation of the object, the
      last fastest. Layers are what no factor colours, then 16 each of walls,
      floor and object.
    """
    layers = np.empty(FACTOR_SIZES[NUM_COLOURS:] + SHAPE[1:], np.uint8)
    for camera, degrees in enumerate(tqdm.tqdm(CAMERA_DEGREES, disable=None)):
        rays = _camera_rays(degrees)
        room = _room(rays)
        near = np.flatnonzero(_is_near(rays, room))
        behind = _Ends(*(values[near] for values in room))
        material, shade = room.material.copy(), _shades(room.slant)
        for identity, bodies in enumerate((_HAT, _ICE_LOLLY, _SUITCASE)):
            for rotation, turned in enumerate(OBJECT_DEGREES):
                ends = _object(rays[near], behind, bodies, turned)
                material[near], shade[near] = ends.material, _shades(ends.slant)
                layers[identity, camera, rotation] = _layers(material, shade)
    return layers.reshape(SHAPE)


def _turned(vectors: np.ndarray, degrees: float) -> np.ndarray:
    """The vectors `[n, 3]`, turned about the vertical axis."""
    cos = np.round(np.cos(np.deg2rad(degrees)), 6)
    sin = np.round(np.sin(np.deg2rad(degrees)), 6)
    x, y, z = vectors.T
    return np.column_stack([cos * x - sin * y, sin * x + cos * y, z])


def _camera_rays(degrees: float) -> np.ndarray:
    """Directions `[n, 3]`, pixel by pixel from the upper left."""
    side = IMAGE_SIZE * _SAMPLES
    slopes = ((np.arange(side) + 0.5) / side * 2 - 1) * _HALF_VIEW
    slopes = slopes.reshape(IMAGE_SIZE, _SAMPLES)
    down, right = slopes[:, None, :, None], slopes[None, :, None, :]
    rays = np.broadcast_arrays(right, 1 - _DOWN * down, -down - _DOWN)
    return _turned(np.stack(rays, axis=-1).reshape(-1, 3), degrees)


def _room(rays: np.ndarray) -> _Ends:
    """Where the rays leave the empty room."""
    distances = (np.where(rays > 0, _ROOM[1], _ROOM[0]) - _EYE) / rays
    axis = distances.argmin(axis=1)
    distance = distances.min(axis=1)
    height = _EYE[2] + distance * rays[:, 2]
    wall = np.where(height < _BOARD, _SKIRTING, _WALL)
    material = np.where(axis == 2, _FLOOR, wall)
    along = np.take_along_axis(rays, axis[:, None], axis=1)[:, 0]
    return _Ends(material, distance, -np.sign(along) * _LIGHT[axis])


def _is_near(rays: np.ndarray, room: _Ends) -> np.ndarray:
    """Whether an object or its shadow can be where a ray ends, `[n]`."""
    seen = cylinder(_EYE, rays, **_AROUND)
    points = _EYE + room.distance[:, None] * rays
    shadow = cylinder(points, np.broadcast_to(_LIGHT, rays.shape), **_AROUND)
    return np.isfinite(seen.distance) | np.isfinite(shadow.distance)


def _object(
    rays: np.ndarray, room: _Ends, bodies: tuple[_Body, ...], degrees: float
) -> _Ends:
    """Where the rays end if there is an object; n.l <= 0 is in shadow."""
    # Turning the rays and the light turns the object the other way.
    rays = _turned(rays, -degrees)
    eye, light = _turned(np.stack([_EYE, _LIGHT]), -degrees)
    hits, which = nearest(*(meet(eye, rays) for _, meet in bodies))
    before = hits.distance < room.distance
    materials = np.array([material for material, _ in bodies])
    material = np.where(before, materials[which], room.material)
    distance = np.where(before, hits.distance, room.distance)
    slant = np.where(before, (hits.normal * light).sum(axis=1), room.slant)
    # A little off the body, lest it shades itself.
    points = eye + distance[:, None] * rays + 1e-6 * hits.normal
    to_light = np.broadcast_to(light, rays.shape)
    way = np.min(
        [meet(points, to_light).distance for _, meet in bodies], axis=0
    )
    slant = np.where(np.isinf(way), slant, np.minimum(slant, 0))
    return _Ends(material, distance, slant)


def _shades(slant: np.ndarray) -> np.ndarray:
    return np.rint(255 * (0.6 + 0.4 * slant))


def _layers(material: np.ndarray, shade: np.ndarray) -> np.ndarray:
    """The layers `[49, 64, 64, 3]` of one geometry."""
    pixels, rays_each = IMAGE_SIZE**2, _SAMPLES**2
    places = material * pixels + np.arange(len(shade)) // rays_each
    sums = np.bincount(places, weights=shade, minlength=7 * pixels)
    light = sums.astype(np.uint16).reshape(7, 1, pixels, 1) // rays_each
    own = light[NUM_COLOURS:, 0] * _OWN_COLOURS[:, None] // 255
    coloured = light[:NUM_COLOURS] * _hues()[:, None] // 8
    layers = np.concatenate([own.sum(axis=0), coloured.reshape(-1, 3)])
    return layers.astype(np.uint8).reshape(SHAPE[1:])


def _hues() -> np.ndarray:
    """The 16 hues in eighths, `[16, 3]` uint16: 22.5 degrees are 60 * 3/8."""
    hue = 3 * np.arange(16)  # of 48
    red = abs(hue - 24) - 8
    green, blue = 16 - abs(hue - 16), 16 - abs(hue - 32)
    return np.stack([red, green, blue], axis=1).clip(0, 8).astype(np.uint16)
