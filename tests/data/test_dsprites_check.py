import numpy as np
import pytest

from tfdisent.data import dsprites_check
from tfdisent.errors import RunError


def test_packing_reverses_unpacking(packed):
    images = np.unpackbits(packed[:50], axis=1, bitorder="little")
    images = images.reshape(50, 64, 64, 1)
    np.testing.assert_array_equal(
        dsprites_check.pack(images, "here"), packed[:50]
    )


def test_pixels_of_255_are_refused():
    images = np.full((2, 64, 64), 255, np.uint8)
    with pytest.raises(RunError, match="value 255"):
        dsprites_check.pack(images, "here")


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 32, 128), np.uint8), np.zeros((2, 64, 64), np.float32)],
)
def test_other_shapes_and_types_are_refused(images):
    with pytest.raises(RunError, match="dSprites has uint8"):
        dsprites_check.pack(images, "here")


def test_differing_pixels_are_counted(packed):
    altered = packed.copy()
    altered[::10_000, 7] ^= 0b101
    said = dsprites_check.compare_with_rendered(altered, "here")
    assert said == f"{2 * len(packed[::10_000])} pixels differ from rendered"


def test_other_images_are_refused(packed):
    with pytest.raises(RunError, match="here does not hold the images"):
        dsprites_check.compare_with_rendered(np.roll(packed, 1, axis=0), "here")
