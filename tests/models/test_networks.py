import math

import keras
import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.models.networks import ARCHITECTURES, make_networks
from tfdisent.models.vae import VAE

# Of the papers' tables; those of higgins by hand:
# 4x4x1x32+32, 4x4x32x32+32, 4x4x32x64+64, 4x4x64x64+64, 1024x256+256,
# 256x20+20 and 10x256+256, 256x1024+1024, 4x4x64x64+64, 4x4x64x32+32,
# 4x4x32x32+32, 4x4x32x1+1.
PARAMETERS = {
    "mlp": (6_381_620, 7_814_896),
    "higgins": (382_932, 381_313),
    "higgins_2x2": (309_204, 381_313),
    "burgess": (252_052, 249_953),
    # As higgins with 128 for 256.
    "kim": (249_172, 248_833),
    # By hand in test_dc_ign_networks.py.
    "kulkarni": (124_724, 97_009),
}
# The network for faces is for images of 150x150 alone.
ANY_SIZE = sorted(set(ARCHITECTURES) - {"kulkarni_faces"})


def count(network):
    return sum(int(np.prod(w.shape)) for w in network.trainable_variables)


@pytest.mark.parametrize("name", ANY_SIZE)
def test_parameters_are_those_of_the_papers(name):
    networks = ARCHITECTURES[name]((64, 64, 1), 10)
    assert tuple(map(count, networks)) == PARAMETERS[name]


def test_study_of_2019_on_colour_images():
    networks = ARCHITECTURES["higgins_2x2"]((64, 64, 3), 10)
    assert tuple(map(count, networks)) == (310_228, 382_339)


@pytest.mark.parametrize("name", ANY_SIZE)
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


@pytest.mark.parametrize("name", ["higgins", "higgins_2x2", "kim"])
def test_odd_sizes_are_refused(name):
    with pytest.raises(UsageError, match="28x28"):
        ARCHITECTURES[name]((28, 28, 1), 4)
    with pytest.raises(UsageError, match="30x64"):
        ARCHITECTURES["burgess"]((30, 64, 1), 4)


@pytest.mark.parametrize(
    ("size", "maps"), [(64, [32, 16, 8, 4]), (32, [16, 8, 4]), (28, [14, 7])]
)
def test_burgess_halves_down_to_4_pixels(size, maps):
    encoder, _ = ARCHITECTURES["burgess"]((size, size, 1), 4)
    convolutions = [c for c in encoder.layers if "conv2d" in c.name]
    assert [c.output.shape[1] for c in convolutions] == maps


def own_networks(image_shape, num_latents, seed):
    encoder = keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            keras.layers.Dense(2 * num_latents),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((num_latents,)),
            keras.layers.Dense(math.prod(image_shape)),
            keras.layers.Reshape(image_shape),
        ]
    )
    return encoder, decoder


def test_networks_of_ones_own_make_a_model():
    model = VAE(image_shape=(5, 7, 3), num_latents=2, architecture=own_networks)
    assert model.encode(np.zeros((4, 5, 7, 3), "f")).mean().shape == (4, 2)
    again = VAE.from_config(model.get_config())
    assert again.architecture is own_networks


def test_networks_of_other_shapes_are_refused():
    def too_few(image_shape, num_latents, seed):
        return own_networks(image_shape, num_latents - 1, seed)

    with pytest.raises(UsageError, match=r"to \(2,\); .* to \(4,\)"):
        make_networks(too_few, (5, 7, 3), 2, 0)
    with pytest.raises(UsageError, match="'lenet'; .* mlp, higgins"):
        make_networks("lenet", (5, 7, 3), 2, 0)
