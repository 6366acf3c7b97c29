import numpy as np
import pytest

from tfdisent.evaluation.representation import Representation, SampledCodes


@pytest.fixture(scope="module")
def representation(model, squares):
    return Representation(model, squares)


def points(n, seed=0):
    return np.random.default_rng(seed).integers(75, size=n)


def test_codes_are_the_means_of_the_images(representation, model, squares):
    drawn = points(600)
    images = squares.images(drawn).astype("f") / 255
    codes = representation.codes(drawn)
    np.testing.assert_allclose(codes, model.encode(images).mean(), atol=1e-5)
    np.testing.assert_array_equal(representation.images(drawn), images)


def test_terms_are_the_models(representation, model, squares):
    drawn = points(300)
    terms = representation.terms(drawn, seed=0)
    images = squares.images(drawn).astype("f") / 255
    posterior = model.encode(images)
    np.testing.assert_allclose(terms.mean, posterior.mean(), atol=1e-5)
    np.testing.assert_allclose(terms.variance, posterior.variance(), rtol=1e-4)
    np.testing.assert_allclose(
        terms.kl.sum(1), model.rate(posterior), rtol=1e-4
    )
    # Of 200 draws the one in `terms` must not be an outlier.
    draws = [
        np.mean(-model.decode(posterior.sample(seed=[1, i])).log_prob(images))
        for i in range(200)
    ]
    assert min(draws) < terms.distortion.mean() < max(draws)


def test_decoded_images_are_in_range(representation):
    codes = 5 * np.random.default_rng(0).normal(size=(300, 4))
    images = representation.decode(codes)
    assert images.shape == (300, 16, 16, 1)
    assert images.min() >= 0 and images.max() <= 1


def test_sampled_codes_are_draws_of_the_posteriors(representation):
    drawn = np.arange(75)
    mean, stddev = representation.posteriors(drawn)
    noise = np.stack(
        [
            (SampledCodes(representation, seed).codes(drawn) - mean) / stddev
            for seed in range(40)
        ]
    )
    assert abs(noise.mean()) < 0.05 and abs(noise.std() - 1) < 0.05


def test_the_same_image_has_the_same_draw(representation):
    sampled = SampledCodes(representation, 3)
    np.testing.assert_array_equal(
        sampled.codes(np.array([7, 7, 2])),
        sampled.codes(np.arange(75))[[7, 7, 2]],
    )
    other = SampledCodes(representation, 4).codes(np.array([7]))
    assert (other != sampled.codes(np.array([7]))).all()
