"""Two logical CPUs and a small data set for all tests."""

import itertools
import pathlib
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.training.strategy import make_strategy

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # for `oracles`

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


class Squares(FactorDataset):
    """White squares of 3 sizes at 5 x 5 places, on 16 x 16 pixels."""

    def __init__(self):
        super().__init__(
            name="squares",
            provenance="drawn for tests",
            factor_names=("scale", "x_position", "y_position"),
            factor_sizes=(3, 5, 5),
            image_shape=(16, 16, 1),
        )
        self._images = np.zeros((75, 16, 16, 1), np.uint8)
        places = itertools.product(range(3), range(5), range(5))
        for image, (size, x, y) in zip(self._images, places, strict=True):
            image[2 * y : 2 * y + size + 3, 2 * x : 2 * x + size + 3] = 255

    def images(self, indices):
        return self._images[indices]


@pytest.fixture(scope="session")
def squares():
    return Squares()


@pytest.fixture(scope="session")
def mirrored():
    """The one MirroredStrategy of a process; two would collide."""
    return make_strategy("mirrored")
