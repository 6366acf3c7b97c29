import importlib.util
import pathlib

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def module():
    path = ROOT / "benchmarks" / "shapes3d_frames.py"
    spec = importlib.util.spec_from_file_location("shapes3d_frames", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_doubled_lines_are_left_out_and_plain_ones_are_kept(module):
    frame = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
    frame[:3] = 7  # the sky
    frame[6] = frame[5]
    frame[:, 9] = frame[:, 8]
    kept = np.ones((12, 12), bool)
    kept[5:7] = False
    kept[:, 8:10] = False
    np.testing.assert_array_equal(module.intact(frame), kept)


def test_likeness_is_1_of_the_same_and_falls_with_noise(module):
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((8, 8, 1)))
    values = [
        module.ssim(image, image + rng.normal(0, sd, image.shape))
        for sd in (0, 5, 20, 60)
    ]
    assert values[0] == pytest.approx(1)
    assert values == sorted(values, reverse=True) and values[-1] < 0.7


def test_the_nearest_of_three_orientations_is_taken(module, load_kept):
    dataset = load_kept("shapes3d")
    true = dataset.sample_factors(6, np.random.default_rng(0))
    true[:, 5] = (0, 14, 3, 7, 9, 12)
    said = true.copy()
    said[:, 5] = (1, 13, 3, 8, 8, 12)
    frames = dataset.images(dataset.indices_of(true))
    drawn = module.drawn_like(dataset, frames, said)
    np.testing.assert_array_equal(drawn, frames)
