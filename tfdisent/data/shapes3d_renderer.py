"""Draws look-alikes of 3D Shapes: 480 geometries in layers of one colour each.

Light of one part of a scene depends on that part's hue alone, so that all
480,000 images are sums of layers (see `LayeredDataset`): the sky, 10 hues of
the floor, 10 of the walls, 10 of the object. The scene itself, fitted to true
frames, is in `shapes3d_scene`.

A pixel is the mean of 3 x 3 rays. All channels of all hues are multiples m / 5,
m = 0 .. 5, so that a part has 6 intensities per pixel:

    255 / 9 sum over rays of min(m / 5 brightness + highlight, 1)

rounded to nearest. No sum of layers is above 255.

Deviations from the original: no pixel is the same. It was resized by a filter
that overshoots along edges, which sums of layers cannot; that is left out, as
are its textures but for a honeycomb. Lamp, camera, sizes and colours are fitted
to frames, not known.

References:
  Burgess and Kim (2018), 3D Shapes Dataset.
  https://github.com/google-deepmind/3d-shapes
"""

import colorsys

import numpy as np
import tqdm

from tfdisent.data import shapes3d_scene as scene

FACTOR_NAMES = (
    "floor_hue",
    "wall_hue",
    "object_hue",
    "scale",
    "shape",
    "orientation",
)
FACTOR_SIZES = (10, 10, 10, 8, 4, 15)
IMAGE_SHAPE = (64, 64, 3)
LAYERS_SHAPE = (480, 31, *IMAGE_SHAPE)

# sha256 of the bytes of `render_layers()`.
SHA256 = "d6e73042671b263b3c0f432d7bd0f14a4f2dde53f03321668000bc6a6b59efe6"

_RAYS = 3  # per pixel and axis
_OBJECT = 3  # a part, next to those of the room
_SKY_COLOUR = np.array([153, 226, 249])
# Red, green and blue of each hue, in fifths, [10, 3].
_FIFTHS = np.array(
    [
        np.rint(np.multiply(5, colorsys.hsv_to_rgb(h / 10, 1, 1)))
        for h in range(10)
    ],
    np.int64,
)
# Beyond what sines and powers differ by between machines, and far below one.
_NUDGE = 1e-8


def render_layers() -> np.ndarray:
    """Draws all layers, in about 4 seconds on one core, with a bar.

    Returns:
      [480, 31, 64, 64, 3] uint8. First axis: scale, shape and orientation, the
      last fastest. Second: the sky, then the 10 hues of floor, of walls and of
      the object.
    """
    layers = np.empty(LAYERS_SHAPE, np.uint8)
    geometries = layers.reshape(*FACTOR_SIZES[3:], *LAYERS_SHAPE[1:])
    size = IMAGE_SHAPE[0]
    for orientation in tqdm.trange(
        FACTOR_SIZES[5], desc="drawing 3D Shapes", disable=None
    ):
        view = scene.view(orientation, size * _RAYS)
        room = scene.room(view)
        empty = _layers(room.part, room.lit, np.zeros_like(room.lit))
        for scale, shape in np.ndindex(FACTOR_SIZES[3:5]):
            target = geometries[scale, shape, orientation]
            target[...] = empty
            rows, columns = _region(view, shape, scale)
            target[:, rows, columns] = _layers(
                *_with_object(view, room, shape, scale, rows, columns)
            )
    return layers


def _region(view: scene.View, shape: int, scale: int) -> tuple[slice, slice]:
    """Rows and columns of the pixels that show the object or its shadow."""
    size = IMAGE_SHAPE[0]
    at = view.pixels_of(scene.outline(shape, scale)) * size
    first = np.clip(np.floor(at.min(axis=0)).astype(int), 0, size)
    last = np.clip(np.ceil(at.max(axis=0)).astype(int), 0, size)
    return slice(first[1], last[1]), slice(first[0], last[0])


def _with_object(
    view: scene.View,
    room: scene.Room,
    shape: int,
    scale: int,
    rows: slice,
    columns: slice,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Part, brightness and highlight of the rays of some pixels, `[h, w]`."""
    rays = tuple(
        slice(s.start * _RAYS, s.stop * _RAYS) for s in (rows, columns)
    )
    part, brightness = room.part[rays].copy(), room.lit[rays].copy()
    highlight = np.zeros_like(brightness)
    directions = view.directions[rays].reshape(-1, 3)
    hits = scene.body(shape, scale, view.eye, directions)
    hit = np.isfinite(hits.distance)
    seen = hit.reshape(part.shape)
    brightness[seen], highlight[seen] = scene.body_light(
        view, directions[hit], scene.Hits(hits.distance[hit], hits.normal[hit])
    )
    part[seen] = _OBJECT
    dark = part == scene.FLOOR
    dark[dark] = scene.in_shadow(shape, scale, room.points[rays][dark])
    brightness[dark] = room.unlit[rays][dark]
    return part, brightness, highlight


def _layers(
    part: np.ndarray, brightness: np.ndarray, highlight: np.ndarray
) -> np.ndarray:
    """Layers [31, h, w, 3] of pixels from their rays, each `[3 h, 3 w]`."""
    sky = _per_pixel(part == scene.SKY)[..., None] * (_SKY_COLOUR / 255)
    fifths = np.arange(6)[:, None, None] / 5
    layers = [_rounded(sky)[None]]
    for p in (scene.FLOOR, scene.WALL, _OBJECT):
        light = np.minimum(fifths * brightness + highlight, 1) * (part == p)
        intensities = _rounded(_per_pixel(light))
        layers.append(np.moveaxis(intensities[_FIFTHS], 1, -1))
    return np.concatenate(layers)


def _rounded(light: np.ndarray) -> np.ndarray:
    """Bytes of pixels whose rays have this much light together, 0 to 9."""
    return np.floor(light * 255 / _RAYS**2 + 0.5 + _NUDGE).astype(np.uint8)


def _per_pixel(rays: np.ndarray) -> np.ndarray:
    """Sums `[..., 3 h, 3 w]` over the rays of each pixel, to `[..., h, w]`."""
    *first, height, width = rays.shape
    shape = (*first, height // _RAYS, _RAYS, width // _RAYS, _RAYS)
    return rays.reshape(shape).sum(axis=(-3, -1))
