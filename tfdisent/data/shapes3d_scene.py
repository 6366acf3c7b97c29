"""The scene of 3D Shapes: a room of one colour each, an object, a lamp.

The object stands at (0, 0, 0), z points up. The camera moves on a circle about
the object and looks at it. Behind it are three walls. A spot lamp hangs near
the axis; a headlight shines level the way the camera looks, without falloff.
With the normal n, the unit vector l to the lamp, a against the lamp's axis and
f the headlight's direction, the brightness is

    AMBIENT - HEADLIGHT n.f + LAMP max(n.l, 0) max(l.a, 0)^SPOT

which multiplies the colour; a shadow takes the last term away. On floor and
walls some cells of a honeycomb are darker. The object has a white HIGHLIGHT
where n.l > 0: as OpenGL lights vertices, this is decided at the vertices of a
ball of 28 x 16 facets, and interpolated.

The constants were fitted to 25 true frames (another 25 are as near). Lengths
are in about half a room's width, unless they say otherwise.
"""

from typing import NamedTuple

import numpy as np

from tfdisent.data import ray_casting
from tfdisent.data.honeycomb import in_dark_cells
from tfdisent.data.ray_casting import Hits

SCALES = np.linspace(0.75, 1.25, 8)
ANGLES = np.radians(np.linspace(-30, 30, 15))  # of the camera about the object
CUBE, CYLINDER, SPHERE, CAPSULE = range(4)
FLOOR, WALL, SKY = range(3)

# Of the camera: from the object, above the floor, and downwards in radians.
_DISTANCE, _HEIGHT = 0.8872, 0.3014
_PITCH = 0.0321
_HALF_VIEW = 0.4805  # tangent of half the field of view
_FAR, _SIDE = 1.0079, 1.0876  # of the walls from the object
_WALL_HEIGHT = 0.6717

# Of the objects at scale 1.
_CUBE_HALF = 0.128
_CYLINDER_RADIUS, _CYLINDER_HEIGHT = 0.1369, 0.2766
_SPHERE_RADIUS = 0.1546
_CAPSULE_RADIUS = 0.1186
_CAPSULE_LENGTH = 0.247  # without the half balls

_LAMP_AT = np.array([-0.5614, 0.1664, 2.8344])
_LAMP_TO = np.array([-0.3991, 0.1238, 0.0])  # where on the floor it points
_SPOT = 15.5356  # exponent of its falloff from that direction
_AMBIENT, _HEADLIGHT, _LAMP = 0.3459, 0.6007, 0.9394
_HIGHLIGHT = 0.121
_SLICES, _STACKS = 28, 16  # facets of a ball around, and from pole to pole

# Where a tile of the honeycomb starts: on the floor (x, y), on the far wall
# (x, z), and on the side walls (y, z). On the floor, tiles are square.
_TILE_WIDTH, _TILE_HEIGHT = 0.602, 0.6568
_TILE_AT = {
    "floor": (0.3521, 0.2474),
    "far": (0.3861, 0.0353),
    "right": (0.3153, 0.0353),
    "left": (0.3907, 0.0353),
}
_DARK_LOSS = 0.0454  # of brightness in dark cells


class View(NamedTuple):
    """What a camera sees through N x N points of its image.

    Attributes:
      eye: Where it is, `[3]`.
      forward: Unit vector along its axis, `[3]`.
      level: The same without its pitch.
      directions: Of the rays, `[N, N, 3]`, top row first; forward has length 1.
    """

    eye: np.ndarray
    forward: np.ndarray
    level: np.ndarray
    directions: np.ndarray

    def pixels_of(self, points: np.ndarray) -> np.ndarray:
        """Columns and rows `[n, 2]` in image widths, at which points are."""
        ray = points - self.eye
        right = np.array([self.level[1], -self.level[0], 0])
        up = np.cross(right, self.forward)
        depth = _dot(ray, self.forward)
        at = np.stack([_dot(ray, right), -_dot(ray, up)], axis=-1)
        return (at / depth[:, None] / _HALF_VIEW + 1) / 2


class Room(NamedTuple):
    """What the rays of a view meet in the empty room.

    Attributes:
      part: FLOOR, WALL or SKY, `[N, N]`.
      points: Where, `[N, N, 3]`; unspecified in the sky.
      lit: Brightness, which may be above 1, `[N, N]`; unspecified in the sky.
      unlit: The same in a shadow.
    """

    part: np.ndarray
    points: np.ndarray
    lit: np.ndarray
    unlit: np.ndarray


def view(orientation: int, samples: int) -> View:
    """The camera at one of 15 orientations, with samples x samples rays."""
    steps = (np.arange(samples) + 0.5) / samples * 2 - 1
    across = steps * _HALF_VIEW
    down = steps[:, None] * _HALF_VIEW
    cos, sin = np.cos(ANGLES[orientation]), np.sin(ANGLES[orientation])
    ahead = np.cos(_PITCH) - np.sin(_PITCH) * down
    rise = -np.sin(_PITCH) - np.cos(_PITCH) * down
    rays = (cos * across - sin * ahead, sin * across + cos * ahead, rise)
    level, up = np.array([-sin, cos, 0]), np.array([0, 0, 1])
    return View(
        eye=up * _HEIGHT - level * _DISTANCE,
        forward=np.cos(_PITCH) * level - np.sin(_PITCH) * up,
        level=level,
        directions=np.stack(np.broadcast_arrays(*rays), axis=-1),
    )


def room(view: View) -> Room:
    """The room without the object."""
    shape = view.directions.shape[:2]
    rays = view.directions.reshape(-1, 3)
    with np.errstate(divide="ignore"):
        t_floor = np.where(rays[:, 2] < 0, -view.eye[2] / rays[:, 2], np.inf)
        side = np.copysign(_SIDE, rays[:, 0])
        t_side = (side - view.eye[0]) / rays[:, 0]
        t_far = (_FAR - view.eye[1]) / rays[:, 1]
    t_wall = np.minimum(t_side, t_far)
    points = view.eye + np.minimum(t_wall, t_floor)[:, None] * rays
    part = np.where(points[:, 2] > _WALL_HEIGHT, SKY, WALL)
    part[t_floor < t_wall] = FLOOR
    faces = {
        "floor": ((0, 0, 1), part == FLOOR),
        "far": ((0, -1, 0), (part == WALL) & (t_far < t_side)),
        "right": ((-1, 0, 0), (part == WALL) & (t_far >= t_side) & (side > 0)),
        "left": ((1, 0, 0), (part == WALL) & (t_far >= t_side) & (side < 0)),
    }
    lit, unlit = np.zeros(len(rays)), np.zeros(len(rays))
    for face, (normal, on) in faces.items():
        normals = np.broadcast_to(np.float64(normal), (on.sum(), 3))
        without, lamp = _brightness(points[on], normals, view.level)
        texture = _texture(face, points[on])
        unlit[on], lit[on] = texture * without, texture * (without + lamp)
    return Room(
        part.reshape(shape),
        points.reshape(*shape, 3),
        lit.reshape(shape),
        unlit.reshape(shape),
    )


def body(
    shape: int, scale: int, origins: np.ndarray, directions: np.ndarray
) -> Hits:
    """Where rays meet the object; see `ray_casting` for the arguments."""
    rays, size = (origins, directions), SCALES[scale]
    if shape == CUBE:
        half = _CUBE_HALF * size
        low, high = (-half, -half, 0.0), (half, half, 2 * half)
        return ray_casting.box(*rays, low=low, high=high)
    if shape == SPHERE:
        radius = _SPHERE_RADIUS * size
        return ray_casting.sphere(
            *rays, centre=(0.0, 0.0, radius), radius=radius
        )
    if shape == CYLINDER:
        return ray_casting.cylinder(
            *rays,
            base=(0.0, 0.0, 0.0),
            radius=_CYLINDER_RADIUS * size,
            height=_CYLINDER_HEIGHT * size,
        )
    radius, length = _CAPSULE_RADIUS * size, _CAPSULE_LENGTH * size
    low, high = (0.0, 0.0, radius), (0.0, 0.0, radius + length)
    return ray_casting.nearest(
        ray_casting.cylinder(*rays, base=low, radius=radius, height=length),
        ray_casting.sphere(*rays, centre=low, radius=radius),
        ray_casting.sphere(*rays, centre=high, radius=radius),
    )[0]


def body_light(
    view: View, directions: np.ndarray, hits: Hits
) -> tuple[np.ndarray, np.ndarray]:
    """Brightness `[n]` and white highlight `[n]` of the object where it is hit.

    Args:
      view: The camera.
      directions: Of its rays that hit, `[n, 3]`.
      hits: Where they do.
    """
    points = view.eye + hits.distance[:, None] * directions
    without, lamp = _brightness(points, hits.normal, view.level)
    return without + lamp, _highlight(points, hits.normal)


def in_shadow(shape: int, scale: int, points: np.ndarray) -> np.ndarray:
    """Whether the object is between the lamp and points of the floor `[n, 3]`.

    The ray starts at the lamp, whose distance is 1 in lengths of the ray.
    """
    hits = body(shape, scale, _LAMP_AT, points - _LAMP_AT)
    return hits.distance < 1


def outline(shape: int, scale: int) -> np.ndarray:
    """Corners `[16, 3]` of a box around the object, and of its shadow."""
    radius, height = {
        CUBE: (_CUBE_HALF, 2 * _CUBE_HALF),
        CYLINDER: (_CYLINDER_RADIUS, _CYLINDER_HEIGHT),
        SPHERE: (_SPHERE_RADIUS, 2 * _SPHERE_RADIUS),
        CAPSULE: (_CAPSULE_RADIUS, _CAPSULE_LENGTH + 2 * _CAPSULE_RADIUS),
    }[shape]
    corners = np.array(
        [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (0, 1)], float
    )
    corners *= np.array([radius, radius, height]) * SCALES[scale]
    fall = corners[:, 2:] / (_LAMP_AT[2] - corners[:, 2:])
    return np.concatenate([corners, corners + fall * (corners - _LAMP_AT)])


def _brightness(
    points: np.ndarray, normals: np.ndarray, level: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Without the lamp, and of the lamp, each `[n]`."""
    to_lamp = _unit(_LAMP_AT - points)
    facing = np.maximum(_dot(normals, to_lamp), 0)
    along = np.maximum(_dot(to_lamp, _unit(_LAMP_AT - _LAMP_TO)), 0)
    without = _AMBIENT - _HEADLIGHT * _dot(normals, level)
    return without, _LAMP * facing * along**_SPOT


def _highlight(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """HIGHLIGHT [n.l > 0], interpolated between the vertices of facets."""
    to_lamp = _LAMP_AT - points
    stack = np.arccos(np.clip(normals[:, 2], -1, 1)) / np.pi * _STACKS
    turn = np.arctan2(normals[:, 1], normals[:, 0]) / (2 * np.pi) * _SLICES
    share = np.zeros(len(points))
    for d_stack in (0, 1):
        for d_turn in (0, 1):
            i, j = np.floor(stack) + d_stack, np.floor(turn) + d_turn
            weight = (1 - np.abs(stack - i)) * (1 - np.abs(turn - j))
            polar, azimuth = i * np.pi / _STACKS, j * 2 * np.pi / _SLICES
            vertex = np.stack(
                [
                    np.sin(polar) * np.cos(azimuth),
                    np.sin(polar) * np.sin(azimuth),
                    np.cos(polar),
                ],
                axis=-1,
            )
            share += weight * (_dot(vertex, to_lamp) > 0)
    return _HIGHLIGHT * share


def _texture(face: str, points: np.ndarray) -> np.ndarray:
    """What is left of the brightness `[n]` at points of floor or walls."""
    left, start = _TILE_AT[face]
    across = points[:, 0 if face in ("floor", "far") else 1]
    if face == "floor":
        down = (points[:, 1] - start) / _TILE_WIDTH
    else:
        down = 1 - (points[:, 2] - start) / _TILE_HEIGHT
    return 1 - _DARK_LOSS * in_dark_cells((across - left) / _TILE_WIDTH, down)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=-1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.sqrt(_dot(vectors, vectors))[..., None]
