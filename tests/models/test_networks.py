import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.models.networks import ARCHITECTURES

# Of the papers' tables; those of higgins by hand:
# 4x4x1x32+32, 4x4x32x32+32, 4x4x32x64+64, 4x4x64x64+64, 1024x256+256,
# 256x20+20 and 10x256+256, 256x1024+1024, 4x4x64x64+64, 4x4x64x32+32,
# 4x4x32x32+32, 4x4x32x1+1.
PARAMETERS = {
    "mlp": (6_381_620, 7_814_896),
    "higgins": (382_932, 381_313),
    "higgins_2x2": (309_204, 381_313),
    "burgess": (252_052, 249_953),
}


def count(network):
    return sum(int(np.prod(w.shape)) for w in network.trainable_variables)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_parameters_are_those_of_the_papers(name):
    networks = ARCHITECTURES[name]((64, 64, 1), 10)
    assert tuple(map(count, networks)) == PARAMETERS[name]


def test_study_of_2019_on_colour_images():
    networks = ARCHITECTURES["higgins_2x2"]((64, 64, 3), 10)
    assert tuple(map(count, networks)) == (310_228, 382_339)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("shape", [(32, 32, 3), (64, 48, 1)])
def test_decoder_gives_the_shape_that_the_encoder_takes(name, shape):
    encoder, decoder = ARCHITECTURES[name](shape, 5)
    assert encoder(np.zeros((2, *shape), "f")).shape == (2, 10)
    assert decoder(np.zeros((2, 5), "f")).shape == (2, *shape)


def test_weights_are_a_function_of_the_seed():
    first, again, other = (
        ARCHITECTURES["burgess"]((32, 32, 1), 4, seed)[0].get_weights()
        for seed in (3, 3, 4)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("name", ["higgins", "higgins_2x2", "burgess"])
def test_odd_sizes_are_refused(name):
    with pytest.raises(UsageError, match="28x28"):
        ARCHITECTURES[name]((28, 28, 1), 4)
