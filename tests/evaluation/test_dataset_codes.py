import numpy as np
import pytest

from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.data.subsets import at_most, random_subset
from tfdisent.errors import UsageError
from tfdisent.evaluation.dataset_codes import (
    DatasetCodes,
    DatasetPoints,
    DatasetPosteriors,
)
from tfdisent.evaluation.model_codes import ModelCodes
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.factor_vae_score import factor_vae_score
from tfdisent.metrics.mig import mig_histogram
from tfdisent.models.vae import VAE


def mean_rows(images):
    return images.mean(axis=2)[..., 0]


def test_codes_are_those_of_the_images_in_the_order_of_the_points(squares):
    sampler = DatasetCodes(squares, mean_rows)
    points = np.random.default_rng(0).integers(75, size=600)
    expected = (squares.images(points) / 255.0).mean(axis=2)[..., 0]
    for _ in range(2):
        np.testing.assert_allclose(sampler.codes(points), expected, atol=1e-6)


def test_images_are_float32_from_0_to_1(squares):
    def encode(images):
        assert images.dtype == np.float32
        assert set(np.unique(images)) == {0, 1}
        assert images.shape[1:] == squares.image_shape
        return images.reshape(len(images), -1)

    assert DatasetCodes(squares, encode).codes(np.arange(75)).shape == (75, 256)


def test_sampled_points_are_those_of_the_data_set(squares):
    points = DatasetPoints(squares).sample(500, np.random.default_rng(3))
    factors = squares.sample_factors(500, np.random.default_rng(3))
    np.testing.assert_array_equal(points, squares.indices_of(factors))


def views(squares):
    yield squares
    yield at_most(squares, "x_position", 3)
    yield random_subset(squares, 60, 0)


def test_a_factor_is_fixed_and_the_others_vary(squares):
    rng = np.random.default_rng(0)
    for dataset in views(squares):
        sampler = DatasetPoints(dataset)
        some = sampler.factors(sampler.sample(3_000, rng))
        which = rng.integers(3, size=len(some))
        values = some[np.arange(len(some)), which]
        points = sampler.sample_with(which, values, rng)
        got = codes_lib.factors_at(sampler, points)
        np.testing.assert_array_equal(got[np.arange(len(got)), which], values)
        of_scale = got[(which == 1) & (values == 2)]
        assert len(np.unique(of_scale, axis=0)) == np.sum(
            dataset.factors_of(np.arange(len(dataset)))[:, 1] == 2
        )


@pytest.fixture
def table():
    """Three images of each of 4 out of 6 combinations, and four of a fifth."""
    factors = np.repeat([[0, 0], [0, 1], [1, 1], [2, 0], [2, 1]], 3, axis=0)
    factors = np.concatenate([factors, [[2, 1]]])
    rows = np.arange(16, dtype=np.uint8).reshape(16, 1, 1, 1)
    return RowsDataset(
        rows, factors, name="t", provenance="p", factor_names=("a", "b")
    )


def test_of_a_table_all_images_are_drawn_alike(table):
    sampler = DatasetPoints(table)
    points = sampler.sample(16_000, np.random.default_rng(0))
    counts = np.bincount(points, minlength=16)
    assert counts.min() > 850 and counts.max() < 1150
    assert not sampler.with_replacement  # few rows are shared out


def test_of_a_table_all_images_with_a_value_are_drawn(table):
    sampler = DatasetPoints(table)
    which, values = np.ones(2_000, int), np.ones(2_000, int)
    points = sampler.sample_with(which, values, np.random.default_rng(0))
    with_it = np.flatnonzero(table.factors_of(np.arange(16))[:, 1] == 1)
    np.testing.assert_array_equal(np.unique(points), with_it)


def test_a_value_that_a_part_of_a_product_lacks(squares):
    part = random_subset(squares, 1, 0)
    (factors,) = part.factors_of(np.arange(1))
    with pytest.raises(UsageError, match="No row has every value .* scale"):
        DatasetPoints(part).sample_with(
            np.array([0]), (factors[:1] + 1) % 3, np.random.default_rng(0)
        )


def test_posteriors_have_the_codes_as_means(squares):
    sampler = DatasetPosteriors(
        squares, lambda images: (mean_rows(images), 1 + mean_rows(images))
    )
    points = np.arange(74, -1, -1)
    mean, stddev = codes_lib.posteriors_at(sampler, points, "metric")
    np.testing.assert_array_equal(mean, sampler.codes(points))
    np.testing.assert_allclose(stddev, 1 + mean, rtol=1e-6)


def test_all_metrics_share_one_encoding_of_each_image(squares):
    batches = []

    def encode(images):
        batches.append(len(images))
        return mean_rows(images)

    sampler = DatasetCodes(squares, encode)
    for seed in range(2):
        for metric in (mig_histogram, factor_vae_score):
            metric(sampler, np.random.default_rng(seed))
    # The first image tells the number of latents; its batch is not kept.
    assert len(batches) <= 4


def test_a_models_code_has_the_same_bits_in_any_company(squares):
    model = VAE.from_dataset(squares, num_latents=4)
    rng = np.random.default_rng(0)
    alone = ModelCodes(model, squares)
    together = ModelCodes(model, squares)
    rows = [alone.posteriors(np.array([i])) for i in rng.permutation(75)[:20]]
    points = np.random.default_rng(0).permutation(75)
    mean, stddev = together.posteriors(points)
    for i, (one_mean, one_stddev) in enumerate(rows):
        np.testing.assert_array_equal(mean[i], one_mean[0])
        np.testing.assert_array_equal(stddev[i], one_stddev[0])


def test_a_models_codes_are_its_encoders(squares):
    model = VAE.from_dataset(squares, num_latents=4)
    points = np.arange(75)
    posterior = model.encode(squares.images(points).astype("f") / 255)
    mean, stddev = ModelCodes(model, squares).posteriors(points)
    np.testing.assert_allclose(mean, posterior.mean(), atol=1e-5)
    np.testing.assert_allclose(stddev, posterior.stddev(), rtol=1e-4)
