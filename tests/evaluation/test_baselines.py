import json

import numpy as np
import pytest

from tfdisent.data.subsets import at_most
from tfdisent.errors import UsageError
from tfdisent.evaluation.baselines import BASELINES, make_baseline
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.factor_vae_score import factor_vae_score
from tfdisent.metrics.higgins_score import higgins_score
from tfdisent.training.build import build_model
from tfdisent.training.config import ExperimentConfig

WITHOUT_SHAPES = [name for name in BASELINES if name != "fast_ica_pairwise"]


def codes_of(dataset, name, points=None, **options):
    (sampler,) = make_baseline(name, dataset, **options)
    return sampler.codes(np.arange(len(dataset)) if points is None else points)


@pytest.mark.parametrize("name", WITHOUT_SHAPES)
def test_every_baseline_has_codes_for_metrics(squares, name):
    (sampler,) = make_baseline(name, squares)
    json.dumps(sampler.settings)
    assert "drawn for tests" in sampler.provenance
    table = codes_lib.draw_table(sampler, 100, np.random.default_rng(0))
    latents = {"ground_truth": 3, "raw_pixels": 256}.get(name, 10)
    assert table.codes.shape == (100, latents)
    points = sampler.sample(100, np.random.default_rng(0))
    np.testing.assert_array_equal(table.codes, sampler.codes(points))
    np.testing.assert_array_equal(table.factors, squares.factors_of(points))


@pytest.mark.parametrize("name", ["fast_ica", "pca", "untrained", "random"])
def test_seed_and_number_of_latents_count(squares, name):
    one = codes_of(squares, name, num_latents=4, seed=1)
    assert one.shape == (75, 4)
    again = codes_of(squares, name, num_latents=4, seed=1)
    np.testing.assert_array_equal(one, again)
    if name != "pca":  # which sees all images here, whatever the seed
        assert not np.allclose(one, codes_of(squares, name, num_latents=4))


def test_ground_truth_is_perfect(squares):
    codes = codes_of(squares, "ground_truth")
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(codes.std(axis=0), 1)
    (sampler,) = make_baseline("ground_truth", squares)
    for metric in (factor_vae_score, higgins_score):
        score = metric(sampler, np.random.default_rng(0))[metric.__name__]
        assert score > 0.99


def test_ground_truth_of_a_factor_with_one_value(squares):
    codes = codes_of(at_most(squares, "scale", 1), "ground_truth")
    np.testing.assert_array_equal(codes[:, 0], 0)
    assert codes[:, 1].std() == pytest.approx(1)


def test_raw_pixels_are_the_images(squares):
    images = squares.images(np.arange(75)).reshape(75, -1) / 255
    np.testing.assert_allclose(codes_of(squares, "raw_pixels"), images)


def test_random_codes_are_noise_and_the_images_own(squares):
    codes = codes_of(squares, "random", num_latents=40)
    assert abs(codes.mean()) < 0.1 and abs(codes.std() - 1) < 0.1
    assert len(np.unique(codes)) == codes.size
    points = np.array([7, 7, 3])
    np.testing.assert_array_equal(
        codes_of(squares, "random", points, num_latents=40), codes[points]
    )


def test_untrained_is_what_training_starts_from(squares):
    (sampler,) = make_baseline(
        "untrained", squares, seed=5, model="beta_vae", architecture="burgess"
    )
    config = ExperimentConfig("beta_vae", {"architecture": "burgess"}, seed=5)
    model = build_model(config, squares)
    images = squares.images(np.arange(75)).astype("f") / 255
    mean, stddev = sampler.posteriors(np.arange(75))
    posterior = model.encode(images)
    np.testing.assert_allclose(mean, posterior.mean(), atol=1e-5)
    np.testing.assert_allclose(stddev, posterior.stddev(), rtol=1e-5)


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("kpca", {}, "no baseline 'kpca'; there are ground_truth, raw_pixels"),
        ("pca", {"n": 1}, "does not take 'n'; it takes num_latents, seed, num"),
        ("ground_truth", {"seed": 1}, "'seed'; it takes no options"),
        ("random", {"num_latents": 0}, "num_latents is 0"),
        ("random", {"seed": -1}, "seed is -1"),
        ("untrained", {"seed": -1}, "seed is -1"),
        ("untrained", {"model": "vqvae"}, "vqvae"),
        ("untrained", {"architecture": "resnet"}, "resnet"),
    ],
)
def test_bad_names_and_options(squares, name, options, message):
    with pytest.raises(UsageError, match=message):
        make_baseline(name, squares, **options)
