"""Where rays meet simple bodies: what the drawn scenes are made of.

A ray is origin + t direction. A body gives, for each ray, the smallest t > 0 at
which it is met from outside, and the outward normal there. Bodies stand upright
or along the axes; turn the rays to turn a body.
"""

from typing import NamedTuple

import numpy as np


class Hits(NamedTuple):
    """Where n rays meet a body first.

    Attributes:
      distance: t, in lengths of the direction, `[n]`; inf where it is missed.
      normal: Unit vectors `[n, 3]`; zero where it is missed.
    """

    distance: np.ndarray
    normal: np.ndarray


def sphere(
    origins: np.ndarray,
    directions: np.ndarray,
    *,
    centre: tuple[float, float, float],
    radius: float,
) -> Hits:
    """Where rays meet a ball.

    Args:
      origins: `[n, 3]` or `[3]`.
      directions: `[n, 3]`, of any length above 0.
      centre: Of the ball.
      radius: Of the ball.
    """
    start = origins - np.asarray(centre, directions.dtype)
    t = _entry(directions, start, radius)
    return _hits(t, (start + _finite(t)[:, None] * directions) / radius)


def box(
    origins: np.ndarray,
    directions: np.ndarray,
    *,
    low: tuple[float, float, float],
    high: tuple[float, float, float],
) -> Hits:
    """Where rays meet a box along the axes, from corner `low` to `high`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t_low = (np.asarray(low, directions.dtype) - origins) / directions
        t_high = (np.asarray(high, directions.dtype) - origins) / directions
    enter = np.fmin(t_low, t_high)
    axis = enter.argmax(axis=1)
    t = np.take_along_axis(enter, axis[:, None], axis=1)[:, 0]
    leave = np.fmax(t_low, t_high).min(axis=1)
    normal = np.zeros_like(directions)
    rays = np.arange(len(directions))
    normal[rays, axis] = -np.sign(directions[rays, axis])
    return _hits(np.where((t > 0) & (t < leave), t, np.inf), normal)


def cylinder(
    origins: np.ndarray,
    directions: np.ndarray,
    *,
    base: tuple[float, float, float],
    radius: float,
    height: float,
) -> Hits:
    """Where rays meet an upright cylinder with lids, the lower at `base`."""
    return cone(
        origins,
        directions,
        base=base,
        radius=radius,
        top_radius=radius,
        height=height,
    )


def cone(
    origins: np.ndarray,
    directions: np.ndarray,
    *,
    base: tuple[float, float, float],
    radius: float,
    top_radius: float = 0.0,
    height: float,
) -> Hits:
    """Where rays meet an upright cone with lids, its tip cut off at the height.

    Args:
      origins: `[n, 3]` or `[3]`.
      directions: `[n, 3]`.
      base: Centre of the lower lid.
      radius: Of the lower lid.
      top_radius: Of the upper lid; 0 for a whole cone.
      height: Of the upper lid above the lower.
    """
    dtype = directions.dtype
    start = np.broadcast_to(origins - np.asarray(base, dtype), directions.shape)
    slope = (top_radius - radius) / height  # of the radius along the height
    # x^2 + y^2 = (radius + slope z)^2 along the ray.
    at, along = radius + slope * start[:, 2], slope * directions[:, 2]
    a = (directions[:, :2] ** 2).sum(axis=1) - along**2
    b = (start[:, :2] * directions[:, :2]).sum(axis=1) - at * along
    c = (start[:, :2] ** 2).sum(axis=1) - at**2
    root = np.sqrt(np.maximum(b * b - a * c, 0))
    best = np.full(len(directions), np.inf, dtype)
    normal = np.zeros_like(directions)
    with np.errstate(divide="ignore", invalid="ignore"):
        for t in ((-b - root) / a, (-b + root) / a):
            z = start[:, 2] + t * directions[:, 2]
            # From outside, so against the normal; on this half of the cone.
            across = start[:, :2] + t[:, None] * directions[:, :2]
            wide = radius + slope * z
            outwards = np.column_stack([across, -slope * wide])
            against = (outwards * directions).sum(axis=1) < 0
            on = (b * b >= a * c) & (z >= 0) & (z <= height)
            closer = on & against & (wide > 0) & (t > 0) & (t < best)
            best[closer] = t[closer]
            length = np.linalg.norm(outwards[closer], axis=1, keepdims=True)
            normal[closer] = outwards[closer] / length
        for z, r, up in ((0.0, radius, -1.0), (height, top_radius, 1.0)):
            t = (z - start[:, 2]) / directions[:, 2]
            across = start[:, :2] + t[:, None] * directions[:, :2]
            on = (across**2).sum(axis=1) <= r * r
            closer = on & (directions[:, 2] * up < 0) & (t > 0) & (t < best)
            best[closer] = t[closer]
            normal[closer] = (0, 0, up)
    return _hits(best, normal)


def nearest(*hits: Hits) -> tuple[Hits, np.ndarray]:
    """What of several bodies is met first.

    Returns:
      The hits, and which of the bodies it is, `[n]`; 0 where all are missed.
    """
    distances = np.stack([hit.distance for hit in hits])
    which = distances.argmin(axis=0)
    rays = np.arange(len(which))
    normals = np.stack([hit.normal for hit in hits])
    return Hits(distances[which, rays], normals[which, rays]), which


def _entry(directions, start, radius) -> np.ndarray:
    """The first of the two t with |start + t direction| = radius."""
    a = (directions**2).sum(axis=1)
    b = (start * directions).sum(axis=1)
    c = (start**2).sum(axis=-1) - radius**2
    discriminant = b * b - a * c
    t = (-b - np.sqrt(np.maximum(discriminant, 0))) / a
    return np.where((discriminant > 0) & (t > 0), t, np.inf)


def _hits(distance: np.ndarray, normal: np.ndarray) -> Hits:
    missed = np.isinf(distance)[:, None]
    return Hits(distance, np.where(missed, 0, normal))


def _finite(t: np.ndarray) -> np.ndarray:
    return np.where(np.isinf(t), 0, t)
