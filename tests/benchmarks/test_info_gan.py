"""The claim on made-up numbers; and the data."""

import importlib.util
import pathlib
import sys

import numpy as np
import pytest

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "info_gan.py"


@pytest.fixture(scope="module")
def info_gan():
    spec = importlib.util.spec_from_file_location("info_gan", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["info_gan"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["info_gan"]


def run(information, seed, bound):
    return {
        "lambda": information,
        "seed": seed,
        "categorical_information": bound,
        "continuous_information": 0.5,
        "nmi_of_class_and_digit": 0.25,
    }


def test_seeds_of_each_side_of_the_claim_are_counted(info_gan):
    table = info_gan.table(
        [run(1.0, 0, 2.2), run(1.0, 1, 1.9), run(0.0, 0, 0.1), run(0.0, 1, 2.1)]
    )
    assert "| 1 | 1 | 1.90 | 0.50 | 0.25 |" in table
    assert "lambda 1: categorical bound at least 2.0 of 2.30 nats: 1 of 2" in (
        table
    )
    assert "lambda 0: categorical bound below 2.0 of 2.30 nats: 1 of 2" in table


def test_digits_are_enlarged_and_have_their_labels(info_gan):
    dataset = info_gan.load_digits()
    assert len(dataset) == 1797 and dataset.image_shape == (16, 16, 1)
    images = dataset.images(np.arange(20))
    assert images.dtype == np.uint8 and images.max() == 255
    labels = dataset.factors_of(np.arange(20))[:, 0]
    np.testing.assert_array_equal(labels, [*range(10), *range(10)])


def test_networks_fit_the_digits(info_gan):
    generator, trunk = info_gan.networks((16, 16, 1), 5, seed=0)
    images = generator(np.zeros((2, 5), "f"))
    assert images.shape == (2, 16, 16, 1) and trunk(images).shape == (2, 256)
