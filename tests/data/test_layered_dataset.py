import numpy as np
import pytest

from tfdisent.data.layered_dataset import LayeredDataset

SIZES = (2, 3, 4, 5)  # two colours, then a geometry of 20


def make(layers=None, **changes):
    if layers is None:
        shape = (20, 1 + 2 + 3, 4, 5, 3)
        layers = np.random.default_rng(0).integers(0, 86, shape)
        layers = layers.astype(np.uint8)
    arguments = {
        "num_colours": 2,
        "name": "toy",
        "provenance": "made up",
        "factor_names": ("floor", "wall", "size", "turn"),
        "factor_sizes": SIZES,
    } | changes
    return LayeredDataset(layers, **arguments), layers


def test_images_are_the_sums_of_the_layers_of_their_factors():
    dataset, layers = make()
    assert len(dataset) == 120 and dataset.image_shape == (4, 5, 3)
    images = dataset.images(np.arange(120))
    assert images.dtype == np.uint8 and images.shape == (120, 4, 5, 3)
    index = 0
    for floor in range(2):
        for wall in range(3):
            for geometry in range(20):
                scene = layers[geometry].astype(int)
                slow = scene[0] + scene[1 + floor] + scene[1 + 2 + wall]
                np.testing.assert_array_equal(images[index], slow)
                index += 1


def test_any_indices_in_any_order_may_be_asked_for():
    dataset, _ = make()
    indices = np.array([7, 119, 7, 0])
    everything = dataset.images(np.arange(120))
    np.testing.assert_array_equal(dataset.images(indices), everything[indices])
    assert dataset.images(np.array([], np.int64)).shape == (0, 4, 5, 3)


def test_images_are_the_callers_to_change():
    dataset, layers = make()
    before = layers.copy()
    dataset.images(np.arange(120))[...] = 1
    np.testing.assert_array_equal(layers, before)


def test_layers_that_are_only_read_will_do():
    layers = make()[1]
    layers.flags.writeable = False
    dataset, _ = make(layers)
    assert dataset.images(np.array([3])).flags.writeable


def test_an_index_beyond_the_end_is_refused():
    dataset, _ = make()
    with pytest.raises(ValueError, match="120"):
        dataset.images(np.array([120]))


@pytest.mark.parametrize(
    "layers",
    [
        np.zeros((20, 5, 4, 5, 3), np.uint8),
        np.zeros((19, 6, 4, 5, 3), np.uint8),
        np.zeros((20, 6, 4, 5, 3), np.float32),
    ],
)
def test_layers_that_do_not_fit_the_factors_are_refused(layers):
    with pytest.raises(ValueError, match=r"need uint8 \(20, 6\)"):
        make(layers)
