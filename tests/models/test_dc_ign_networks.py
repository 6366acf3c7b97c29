import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.models.dc_ign_networks import kulkarni, kulkarni_faces


def count(network):
    return sum(int(np.prod(w.shape)) for w in network.trainable_variables)


def test_parameters_are_those_of_the_papers():
    # 3x3x1x96+96, 3x3x96x48+48, 3x3x48x48+48, 3072x20+20; 10x3072+3072,
    # 3x3x48x48+48, 3x3x48x96+96, 3x3x96x1+1.
    assert tuple(map(count, kulkarni((64, 64, 1), 10))) == (124_724, 97_009)
    # 5x5x1x96+96, 5x5x96x48+48, 5x5x48x24+24, 5400x400+400; 200x5400+5400,
    # 7x7x24x48+48, 7x7x48x96+96, 7x7x96x96+96, 7x7x96x1+1.
    networks = kulkarni_faces((150, 150, 1), 200)
    assert tuple(map(count, networks)) == (2_306_968, 1_824_169)


def test_sizes_of_the_maps_of_faces():
    encoder, decoder = kulkarni_faces((150, 150, 1), 200)
    maps = [layer for layer in encoder.layers if "crop" not in layer.name]
    pooled = [m.output.shape[1] for m in maps if "pooling" in m.name]
    assert pooled == [73, 34, 15]
    cropped = [
        layer.output.shape[1]
        for layer in decoder.layers
        if "up_sampling" in layer.name or "crop" in layer.name
    ]
    assert cropped == [30, 24, 48, 42, 84, 78, 156, 150]
    assert decoder(np.zeros((2, 200), "f")).shape == (2, 150, 150, 1)


def test_convolutions_of_faces_see_no_padding():
    """A pixel of the first map is that of a convolution by hand."""
    encoder, _ = kulkarni_faces((150, 150, 1), 3)
    image = np.random.default_rng(0).random((1, 150, 150, 1), np.float32)
    convolution, crop = encoder.layers[:2]
    found = crop(convolution(image)).numpy()
    kernel, bias = convolution.get_weights()
    assert found.shape == (1, 146, 146, 96)
    for y, x in ((0, 0), (145, 7)):
        patch = image[0, y : y + 5, x : x + 5, :, None]
        expected = np.maximum((patch * kernel).sum((0, 1, 2)) + bias, 0)
        np.testing.assert_allclose(found[0, y, x], expected, atol=1e-5)


def test_other_sizes_are_refused():
    with pytest.raises(UsageError, match="kulkarni_faces.*64x64.*be 150"):
        kulkarni_faces((64, 64, 1), 4)
    with pytest.raises(UsageError, match="kulkarni.*60x60.*multiples of 8"):
        kulkarni((60, 60, 1), 4)


@pytest.mark.parametrize(
    ("make", "shape"),
    [(kulkarni, (16, 24, 3)), (kulkarni_faces, (150, 150, 3))],
)
def test_weights_are_a_function_of_the_seed(make, shape):
    first, again, other = (
        [w for network in make(shape, 4, seed) for w in network.get_weights()]
        for seed in (3, 3, 4)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])
