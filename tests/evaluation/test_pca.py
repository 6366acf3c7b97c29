import json

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.pca import pca, pca_whitened, random_points


@pytest.fixture(scope="module")
def pixels(squares):
    images = squares.images(np.arange(75)).reshape(75, -1) / 255.0
    return images - images.mean(axis=0)


def test_codes_are_projections_on_the_first_singular_vectors(squares, pixels):
    sampler = pca(squares, num_latents=4)
    u, s, _ = np.linalg.svd(pixels, full_matrices=False)
    codes = sampler.codes(np.arange(75))
    # Two of the variances are equal, so compare what no rotation changes.
    expected = u[:, :4] * s[:4]
    np.testing.assert_allclose(
        codes @ codes.T, expected @ expected.T, atol=1e-3
    )
    np.testing.assert_allclose(
        sampler.settings["explained_variance_ratio"],
        s[:4] ** 2 / np.sum(s**2),
        rtol=1e-3,
    )


def test_whitened_codes_are_uncorrelated_with_variance_1(squares):
    codes = pca_whitened(squares, num_latents=4).codes(np.arange(75))
    np.testing.assert_allclose(np.cov(codes.T), np.eye(4), atol=1e-3)


def test_settings_say_what_was_fitted(squares):
    sampler = pca(squares, num_latents=2, num_images=40, seed=3)
    json.dumps(sampler.settings)
    assert sampler.settings["num_images"] == 40
    assert sampler.provenance == "PCA of 40 images of drawn for tests"
    other = pca(squares, num_latents=2, num_images=40, seed=4)
    points = np.arange(75)
    assert not np.allclose(sampler.codes(points), other.codes(points))
    again = pca(squares, num_latents=2, num_images=40, seed=3)
    np.testing.assert_array_equal(sampler.codes(points), again.codes(points))


def test_random_points_are_different(squares):
    assert len(set(random_points(squares, 40, 0))) == 40
    assert len(random_points(squares, 500, 0)) == 75


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_latents": 0}, "num_latents is 0"),
        ({"num_latents": 75}, "num_latents is 75; 75 .* 256 pixels have 74"),
        ({"num_latents": 1, "num_images": 1}, "1 images .* have 0"),
        ({"num_images": 0}, "num_images is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_bad_options(squares, options, message):
    with pytest.raises(UsageError, match=message):
        pca(squares, **options)
