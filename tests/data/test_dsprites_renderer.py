import hashlib

import numpy as np
import pytest

from tfdisent.data import dsprites_renderer as renderer


def slow_image(shape, scale, orientation, x, y):
    """Draws one image by asking each pixel centre, in whole numbers.

    A ray from the centre to the right counts the edges that it crosses;
    the ends of edges are chosen so that left and bottom edges are inside.
    """
    corners = []
    if shape == 0:
        corners = [(-9.6, -9.6), (9.6, -9.6), (9.6, 9.6), (-9.6, 9.6)]
    for k in range([0, 100, 150][shape]):
        t = 2 * np.pi * k / [1, 100, 150][shape]
        if shape == 1:
            corners.append((1.33 * 9.6 * np.cos(t), 9.6 / 1.33 * np.sin(t)))
        else:
            up = 13 * np.cos(t) - 5 * np.cos(2 * t)
            up += -2 * np.cos(3 * t) - np.cos(4 * t)
            corners.append((9.6 * np.sin(t) ** 3, -9.6 * (up / 14.5 + 0.15)))
    size, angle = 0.5 + 0.1 * scale, 2 * np.pi * orientation / 39
    cos, sin = np.cos(angle), np.sin(angle)
    vertices = [
        (
            round(256 * (16 + 32 * x / 31 + size * (cos * u + sin * v))),
            round(256 * (16 + 32 * y / 31 + size * (cos * v - sin * u))),
        )
        for u, v in corners
    ]
    edges = list(zip(vertices, vertices[1:] + vertices[:1], strict=True))
    image = np.zeros((64, 64), np.uint8)
    for row in range(64):
        for column in range(64):
            px, py = 256 * column + 128, 256 * row + 128
            for (x0, y0), (x1, y1) in edges:
                if not min(y0, y1) < py <= max(y0, y1):
                    continue
                # The crossing is right of the centre.
                cross = (x1 - x0) * (py - y0) - (px - x0) * (y1 - y0)
                if cross * (1 if y1 > y0 else -1) > 0:
                    image[row, column] ^= 255
    return image


def test_all_images_have_the_known_hash(packed):
    assert packed.shape == (737_280, 512)
    assert hashlib.sha256(packed).hexdigest() == (
        "faaf9cf5fa6256819224cb831e7fe802f7e166a63fda58f12c5f1c6eec3f5ea0"
    )
    assert renderer.SHA256.startswith("faaf9cf5")


@pytest.mark.parametrize(
    "factors",
    [
        (0, 0, 0, 0, 0),
        (0, 5, 0, 31, 31),
        (0, 3, 10, 15, 16),
        (1, 2, 7, 3, 29),
        (1, 5, 39, 0, 12),
        (2, 0, 0, 31, 0),
        (2, 4, 23, 17, 8),
    ],
)
def test_an_image_equals_the_slow_oracle(dsprites, factors):
    image = dsprites.images(dsprites.indices_of([factors]))[0, :, :, 0]
    np.testing.assert_array_equal(image, slow_image(*factors))


def test_white_pixels_are_those_published_of_the_original(packed):
    white = int(np.bitwise_count(packed.view(np.uint64)).sum())
    published_mean = 0.042494423521889584
    assert abs(white - published_mean * 737_280 * 4096) < 3


def test_a_full_turn_repeats_orientation_0(packed):
    images = packed.reshape(3, 6, 40, -1)
    np.testing.assert_array_equal(images[:, :, 39], images[:, :, 0])
