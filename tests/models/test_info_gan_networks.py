import keras
import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.models.info_gan_networks import chen, chen_2dshapes, lin


def test_mnist_networks_of_the_authors_have_their_sizes():
    generator, trunk = chen((28, 28, 1), 74)
    # Each with its biases; 4 numbers a channel for batch normalisation.
    assert trunk.count_params() == (
        (16 * 64 + 64)
        + (16 * 64 * 128 + 128 + 4 * 128)
        + (7 * 7 * 128 * 1024 + 1024 + 4 * 1024)
    )
    assert generator.count_params() == (
        (74 * 1024 + 1024 + 4 * 1024)
        + (1024 * 6272 + 6272 + 4 * 6272)
        + (16 * 128 * 64 + 64 + 4 * 64)
        + (16 * 64 + 1)
    )


def test_networks_for_2d_shapes_have_the_sizes_of_the_table():
    generator, trunk = chen_2dshapes((64, 64, 1), 10)
    assert trunk.count_params() == (
        (16 * 64 + 64)
        + (16 * 64 * 128 + 128 + 4 * 128)
        + (16 * 16 * 128 * 256 + 256 + 4 * 256)
        + (256 * 256 + 256 + 4 * 256)
    )
    assert generator.count_params() == (
        (10 * 256 + 256 + 4 * 256)
        + (256 * 256 + 256 + 4 * 256)
        + (16 * 128 + 128 + 4 * 128)
        + (16 * 128 * 64 + 64 + 4 * 64)
        + (9 * 64 + 1)
    )


def test_networks_of_infogan_cr_have_their_sizes():
    generator, trunk = lin((64, 64, 1), 10)
    assert trunk.count_params() == (
        (16 * 32 + 32)
        + (16 * 32 * 32 + 32)
        + (16 * 32 * 64 + 64)
        + (16 * 64 * 64 + 64)
        + (4 * 4 * 64 * 128 + 128)
    )
    assert generator.count_params() == (
        (10 * 128 + 128 + 4 * 128)
        + (128 * 1024 + 1024 + 4 * 1024)
        + (16 * 64 * 64 + 64 + 4 * 64)
        + (16 * 64 * 32 + 32 + 4 * 32)
        + (16 * 32 * 32 + 32 + 4 * 32)
        + (16 * 32 + 1)
    )


@pytest.mark.parametrize("make", [chen, chen_2dshapes])
@pytest.mark.parametrize("shape", [(16, 12, 3), (28, 28, 1)])
def test_shapes(make, shape):
    generator, trunk = make(shape, 5)
    images = generator(np.zeros((2, 5), "f"))
    assert images.shape == (2, *shape)
    features = trunk(images)
    assert len(features.shape) == 2
    # No batch normalisation at the ends of the two.
    assert isinstance(trunk.layers[1], keras.layers.LeakyReLU)
    assert not isinstance(generator.layers[-1], keras.layers.LeakyReLU)


@pytest.mark.parametrize("make", [chen, chen_2dshapes, lin])
def test_weights_are_a_function_of_the_seed(make):
    first, again, other = (
        [w for network in make((16, 16, 1), 3, seed) for w in network.weights]
        for seed in (1, 1, 2)
    )
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        if a.ndim > 1:
            assert not np.allclose(a, c)


@pytest.mark.parametrize("make", [chen, chen_2dshapes, lin])
def test_sizes_that_do_not_fit_are_refused(make):
    with pytest.raises(UsageError, match=f"{make.__name__} got .* 30x30"):
        make((30, 30, 1), 3)
