import types

import numpy as np
import pytest
import tensorflow_probability as tfp

from tfdisent.errors import UsageError
from tfdisent.evaluation.features.efficientnet_lite0 import efficientnet_lite0
from tfdisent.evaluation.features.extractor import FeatureExtractor
from tfdisent.evaluation.image_quality import image_quality, model_images
from tfdisent.metrics.frechet_distance import frechet_distance
from tfdisent.metrics.kernel_distance import kernel_distance


def rng(seed=0):
    return np.random.default_rng(seed)


PIXELS = FeatureExtractor(
    name="pixels",
    frechet_name="frechet_distance_pixels",
    kernel_name="kernel_distance_pixels",
    size=2,
    resize="none",
    weights="none",
    extract=lambda images: images.reshape(len(images), -1),
)


def images(n, seed=0, scale=1.0):
    return scale * rng(seed).random((n, 2, 2, 1), np.float32)


def in_batches(array, size=7):
    return (array[i : i + size] for i in range(0, len(array), size))


@pytest.mark.filterwarnings("ignore:frechet_distance_pixels")
def test_is_the_distances_of_the_features():
    real, fake = images(60), images(60, 1, scale=0.5)
    result = image_quality(
        in_batches(real), {"samples": in_batches(fake, 11)}, PIXELS, rng(3)
    )
    values = result["values"]
    real, fake = real.reshape(60, 4), fake.reshape(60, 4)
    assert values.keys() == {
        "frechet_distance_pixels/samples",
        "frechet_distance_pixels/floor",
        "kernel_distance_pixels/samples",
        "kernel_distance_pixels/samples_std",
    }
    assert values["frechet_distance_pixels/samples"] == pytest.approx(
        frechet_distance(real, fake)
    )
    kernel = kernel_distance(real, fake, rng(), subset_size=30)
    std = kernel.std
    assert values["kernel_distance_pixels/samples_std"] == pytest.approx(
        std, rel=0.5
    )
    assert values["kernel_distance_pixels/samples"] == pytest.approx(
        kernel.mean, abs=std
    )
    assert result["settings"] == {
        "extractor": "pixels",
        "size": 2,
        "resize": "none",
        "weights": "none",
        "num_images": 60,
        "kernel_subsets": 100,
        "kernel_subset_size": 30,
    }
    assert all(type(value) is float for value in values.values())


@pytest.mark.filterwarnings("ignore:frechet_distance_pixels")
def test_floor_is_what_perfect_samples_score():
    floors = [
        image_quality([images(400, i)], {}, PIXELS, rng(i))["values"]
        for i in range(20)
    ]
    equal = [
        frechet_distance(*images(400, 50 + i).reshape(2, 200, 4))
        for i in range(20)
    ]
    floors = [floor["frechet_distance_pixels/floor"] for floor in floors]
    assert np.mean(floors) == pytest.approx(np.mean(equal), rel=0.3)
    assert min(floors) > 0


@pytest.mark.filterwarnings("ignore:frechet_distance_pixels")
def test_halves_are_drawn_at_random():
    ordered = np.concatenate([images(200), 0.1 * images(200, 1)])
    values = image_quality([ordered], {}, PIXELS, rng())["values"]
    assert values["frechet_distance_pixels/floor"] < 0.1


def test_few_images_are_warned_of_with_the_floor():
    with pytest.warns(UserWarning) as caught:
        result = image_quality([images(50)], {}, PIXELS, rng())
    floor = result["values"]["frechet_distance_pixels/floor"]
    [message] = [str(w.message) for w in caught]
    assert message.startswith("frechet_distance_pixels: 50 images")
    assert f"{floor:.4g} apart" in message


@pytest.mark.filterwarnings("error")
def test_enough_images_are_not():
    result = image_quality([images(5_000)], {}, PIXELS, rng())
    assert result["settings"]["kernel_subset_size"] == 1_000


@pytest.mark.filterwarnings("ignore:frechet_distance_pixels")
def test_same_seed_same_numbers():
    def values(seed):
        others = {"samples": [images(40, 1)]}
        return image_quality([images(40)], others, PIXELS, rng(seed))["values"]

    assert values(0) == values(0)
    assert values(0) != values(1)


def test_sets_of_other_numbers_are_refused():
    with pytest.raises(UsageError, match="50 originals and 40 samples"):
        image_quality([images(50)], {"samples": [images(40)]}, PIXELS, rng())
    with pytest.raises(UsageError, match="3 originals; give 4"):
        image_quality([images(3)], {}, PIXELS, rng())
    with pytest.raises(UsageError, match="0 samples; give 4"):
        image_quality([images(9)], {"samples": []}, PIXELS, rng())


class Perfect:
    """A representation whose codes are the images; some are drawn darker."""

    num_points = 90
    model = types.SimpleNamespace(
        num_latents=4, prior=tfp.distributions.Normal([0.0] * 3 + [9.0], 0.1)
    )
    all_images = images(90)

    def __init__(self):
        self.points, self.decoded = [], []

    def images(self, points):
        self.points.append(points)
        return self.all_images[points]

    def codes(self, points):
        return self.all_images[points].reshape(-1, 4)

    def decode(self, codes):
        self.decoded.append(codes)
        return np.clip(codes, 0, 1).reshape(-1, 2, 2, 1)

    def generate(self, codes, rng):
        return self.decode(codes)


@pytest.mark.filterwarnings("ignore:frechet_distance_pixels")
@pytest.mark.parametrize(("asked", "given"), [(80, 80), (5_000, 90)])
def test_reconstructions_and_samples_of_a_model(asked, given):
    perfect = Perfect()
    originals, others = model_images(perfect, rng(), asked)
    assert not perfect.points and not perfect.decoded  # not made before asked
    result = image_quality(originals, others, PIXELS, rng())
    values = result["values"]
    assert values["frechet_distance_pixels/reconstructions"] < 1e-9
    assert values["frechet_distance_pixels/samples"] > 0.5
    assert values["frechet_distance_pixels/floor"] > 1e-6
    assert result["settings"]["num_images"] == given
    points = np.concatenate(perfect.points)
    assert len(set(points)) == len(points) == given
    drawn = np.concatenate(perfect.decoded)[given:]
    np.testing.assert_allclose(drawn.mean(axis=0), [0, 0, 0, 9], atol=0.05)
    np.testing.assert_allclose(drawn.std(axis=0), 0.1, atol=0.03)


@pytest.mark.filterwarnings("ignore:frechet_distance_pixels")
def test_model_images_are_a_function_of_the_generator():
    def values(seed):
        sets = model_images(Perfect(), rng(seed), 40)
        return image_quality(*sets, PIXELS, rng())["values"]

    assert values(0) == values(0)
    assert values(0) != values(1)


def test_prior_of_one_normal_for_all_latents():
    perfect = Perfect()
    perfect.model = types.SimpleNamespace(
        num_latents=4, prior=tfp.distributions.Normal(0.0, 1.0)
    )
    _, others = model_images(perfect, rng(), 90)
    assert np.concatenate(list(others["samples"])).shape == (90, 2, 2, 1)
    drawn = np.concatenate(perfect.decoded)
    assert drawn.std() == pytest.approx(1, abs=0.15)


def test_names_come_from_the_network():
    squares = images(8)
    extractor = efficientnet_lite0(32)
    name = "frechet_distance_efficientnet_lite0"
    with pytest.warns(UserWarning, match=name):
        result = image_quality(
            [squares], {"reconstructions": [squares]}, extractor, rng()
        )
    values, settings = result["values"], result["settings"]
    assert values[f"{name}/reconstructions"] == pytest.approx(0, abs=1e-6)
    assert settings["weights"] == extractor.weights
    assert settings["size"] == 32
    assert not any("fid" in key for key in values)
