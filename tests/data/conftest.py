import numpy as np
import pytest

from tfdisent.data import dsprites_renderer
from tfdisent.data.dsprites import DSprites
from tfdisent.data.factor_dataset import FactorDataset


class ToyDataset(FactorDataset):
    """A product whose images [3, 1, 1] spell out their index in base 256."""

    def __init__(self, factor_sizes=(2, 3, 4)):
        super().__init__(
            name="toy",
            provenance="made up",
            factor_names=("a", "b", "c"),
            factor_sizes=factor_sizes,
            image_shape=(3, 1, 1),
        )

    def images(self, indices):
        places = np.array([256**2, 256, 1])
        digits = np.asarray(indices)[:, None] // places % 256
        return digits.astype(np.uint8)[..., None, None]


@pytest.fixture(scope="session")
def make_toy():
    return ToyDataset


@pytest.fixture(scope="session")
def packed():
    return dsprites_renderer.render_all()


@pytest.fixture(scope="session")
def dsprites(packed):
    return DSprites(packed, provenance="rendered for the tests")
