"""Two logical CPUs and a small data set for all tests."""

import fcntl
import gc
import itertools
import os
import pathlib
import sys
import tempfile

import numpy as np
import pytest
import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.load import load_dataset
from tfdisent.export.saved_model import export_model
from tfdisent.training.strategy import make_strategy

# Modules and not fixtures: a process that a test starts imports them too.
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from export_models import TinyModel  # noqa: E402

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)

# XLA's machine code need not be fast, and half the time went into making it so.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

_DRAWN_DIR = "TFDISENT_TESTS_DRAWN_DIR"  # environment variable


def pytest_configure(config):
    """Makes the folder of `drawn_dir`, whose name all processes inherit."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="tfdisent-drawn-")
        os.environ[_DRAWN_DIR] = folder.name
        config.add_cleanup(folder.cleanup)


@pytest.fixture(scope="module", autouse=True)
def short_collections():
    """What a module leaves is not looked at again; that took seconds."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def drawn_dir():
    """A data_dir for all processes of a test run.

    It goes with the run: pytest would keep this gigabyte three times.
    """
    return pathlib.Path(os.environ[_DRAWN_DIR])


@pytest.fixture(scope="session")
def load_kept(drawn_dir):
    """A `load_dataset` in `drawn_dir` that waits if another process draws."""

    def load(name, **options):
        key = name.partition(":")[0]
        with (drawn_dir / f"{key}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return load_dataset(name, data_dir=str(drawn_dir), **options)

    return load


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


@pytest.fixture(scope="session")
def tiny_model():
    return TinyModel()


@pytest.fixture(scope="session")
def exported(tiny_model, tmp_path_factory):
    """A version directory of `tiny_model`; tests only read it."""
    return export_model(tiny_model, tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="session")
def grey_model():
    """A model whose images fit into PNG files, for the PNG forms."""
    return TinyModel((4, 3, 1))


@pytest.fixture(scope="session")
def exported_grey(grey_model, tmp_path_factory):
    """A version directory of `grey_model`; tests only read it."""
    return export_model(grey_model, tmp_path_factory.mktemp("grey"))
