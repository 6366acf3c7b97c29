"""The six objects of the drawn stand-in for MPI3D, as rays meet them."""

import math

import numpy as np

from tfdisent.data import ray_casting
from tfdisent.data.ray_casting import Hits

SHAPES = ("cone", "cube", "cylinder", "hexagonal", "pyramid", "sphere")

# How far from its centre an object of size 1 reaches, at most.
RADII = {
    "cone": math.sqrt(2),
    "cube": 0.85 * math.sqrt(3),
    "cylinder": math.sqrt(1 + 0.7**2),
    "hexagonal": math.sqrt(0.5**2 + (0.95 / math.sqrt(0.75)) ** 2),
    "pyramid": 0.9 * math.sqrt(3),
    "sphere": 1.0,
}

_HALF_ROOT_3 = math.sqrt(0.75)
_HEXAGON = (
    (0.0, 1.0, 0.0),
    (0.0, -1.0, 0.0),
    (_HALF_ROOT_3, 0.5, 0.0),
    (_HALF_ROOT_3, -0.5, 0.0),
    (-_HALF_ROOT_3, 0.5, 0.0),
    (-_HALF_ROOT_3, -0.5, 0.0),
)
_LIDS = ((0.0, 0.0, 1.0), (0.0, 0.0, -1.0))
_ROOFS = ((2.0, 0.0, 1.0), (-2.0, 0.0, 1.0), (0.0, 2.0, 1.0), (0.0, -2.0, 1.0))


def object_hits(
    shape: str, size: float, origins: np.ndarray, directions: np.ndarray
) -> Hits:
    """Where rays meet an object that stands upright about the origin.

    Args:
      shape: One of SHAPES.
      size: Half of the height of a cone or cylinder, the radius of a sphere.
      origins: `[n, 3]`, outside of the object.
      directions: `[n, 3]`.
    """
    rays = origins, directions
    if shape == "cone":
        base = (0.0, 0.0, -size)
        return ray_casting.cone(*rays, base=base, radius=size, height=2 * size)
    if shape == "cube":
        half = 0.85 * size
        return ray_casting.box(*rays, low=(-half,) * 3, high=(half,) * 3)
    if shape == "cylinder":
        base = (0.0, 0.0, -size)
        return ray_casting.cylinder(
            *rays, base=base, radius=0.7 * size, height=2 * size
        )
    if shape == "hexagonal":
        sides = [0.95 * size] * 6 + [0.5 * size] * 2
        return polyhedron(*rays, normals=_HEXAGON + _LIDS, offsets=sides)
    if shape == "pyramid":
        # A square of half-side 0.9 at the height -0.9, the tip at 0.9.
        offsets = [0.9 * size] * 5
        return polyhedron(*rays, normals=_ROOFS + _LIDS[1:], offsets=offsets)
    return ray_casting.sphere(*rays, centre=(0.0, 0.0, 0.0), radius=size)


def polyhedron(
    origins: np.ndarray,
    directions: np.ndarray,
    *,
    normals: tuple[tuple[float, float, float], ...],
    offsets: list[float],
) -> Hits:
    """Where rays meet the convex body of all x with normal . x <= offset.

    Args:
      origins: `[n, 3]`, outside of the body.
      directions: `[n, 3]`.
      normals: F vectors that point out of the faces, of any length above 0.
      offsets: F numbers.
    """
    enter = np.full(len(directions), -np.inf, directions.dtype)
    leave = -enter
    normal = np.zeros_like(directions)
    for face, offset in zip(normals, offsets, strict=True):
        out = np.array(face, directions.dtype)
        # normal . (origin + t direction) = offset
        along = (directions * out).sum(axis=1)
        ahead = offset - (origins * out).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = ahead / along
        # A ray along a face meets the body only on the face's inner side.
        outside = (along == 0) & (ahead < 0)
        leave = np.where(along > 0, np.minimum(leave, t), leave)
        leave[outside] = -np.inf
        later = (along < 0) & (t > enter)
        enter[later] = t[later]
        normal[later] = out / math.sqrt(sum(x * x for x in face))
    met = (enter > 0) & (enter < leave)
    return Hits(
        np.where(met, enter, np.inf).astype(directions.dtype),
        np.where(met[:, None], normal, 0),
    )
