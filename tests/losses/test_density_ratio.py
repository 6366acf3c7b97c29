import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats
from sklearn.metrics import log_loss

from tfdisent.errors import UsageError
from tfdisent.losses.density_ratio import (
    density_ratio_tc,
    discriminator_loss,
    permute_latents,
)

SEED = tf.constant([1, 2])
# Value 100 d + b for image b, so that each says where it came from.
CODES = tf.constant(np.arange(32)[:, None] + 100.0 * np.arange(4), tf.float32)


def orders(codes, seed=SEED):
    """The image that each value of each column came from, `[B, D]`."""
    return np.asarray(permute_latents(codes, seed)) % 100


def test_permuted_columns_keep_their_values():
    permuted = np.asarray(permute_latents(CODES, SEED))
    np.testing.assert_array_equal(np.sort(permuted, axis=0), CODES)
    assert (permuted != CODES.numpy()).mean() > 0.8


def test_values_that_occur_twice_do_so_afterwards():
    codes = tf.constant([[0.0, 5.0], [0.0, 6.0], [1.0, 6.0]])
    permuted = np.sort(permute_latents(codes, SEED), axis=0)
    np.testing.assert_array_equal(permuted, codes)


def test_columns_move_on_their_own():
    order = orders(CODES)
    same = [
        (order[:, i] == order[:, j]).mean() for i in range(4) for j in range(i)
    ]
    # Of 32 places 1 agrees by chance.
    assert max(same) < 0.25


def test_order_is_a_function_of_the_seed():
    np.testing.assert_array_equal(orders(CODES), orders(CODES))
    other = orders(CODES, tf.constant([1, 3]))
    assert (orders(CODES) != other).mean() > 0.8


def test_every_image_is_as_likely_in_every_place():
    # 4 latents of 5 images, 2,000 seeds: 25 pairs of image and place, p = 1/5.
    codes = CODES[:5]
    permute = tf.function(
        lambda seeds: tf.map_fn(
            lambda seed: permute_latents(codes, seed),
            seeds,
            fn_output_signature=tf.float32,
        )
    )
    seeds = tf.stack([tf.zeros(2000, tf.int32), tf.range(2000)], axis=1)
    drawn = permute(seeds).numpy() % 100  # [2000, 5, 4]
    for d in range(4):
        counts = [(drawn[:, :, d] == image).sum(0) for image in range(5)]
        assert stats.chisquare(np.ravel(counts)).pvalue > 1e-4
    # Two columns give an image the same place in one seed of 5.
    meetings = (drawn[:, :, 0] == drawn[:, :, 1]).sum(0)
    assert (
        stats.chisquare(
            [meetings.sum(), drawn[:, :, 0].size - meetings.sum()], [2000, 8000]
        ).pvalue
        > 1e-4
    )


def test_permuting_makes_correlated_codes_independent():
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    codes = np.stack([x, 0.9 * x + 0.4 * rng.normal(size=4000)], 1).astype("f")
    permuted = permute_latents(tf.constant(codes), SEED)
    assert np.corrcoef(codes.T)[0, 1] > 0.85
    assert abs(np.corrcoef(np.transpose(permuted))[0, 1]) < 0.06


def test_one_image_cannot_be_permuted():
    with pytest.raises(UsageError, match="a batch of 1; give at least 2"):
        permute_latents(CODES[:1], SEED)


@pytest.mark.parametrize("rho", [0.0, 0.5, -0.9])
def test_best_discriminator_gives_the_total_correlation(rho):
    joint = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    codes = joint.rvs(100_000, random_state=np.random.default_rng(0))
    log_ratio = joint.logpdf(codes) - stats.norm.logpdf(codes).sum(1)
    # Logits mean something up to a constant for each code.
    shift = np.random.default_rng(1).normal(size=100_000)
    logits = np.stack([log_ratio + shift, shift], axis=1)
    samples = density_ratio_tc(tf.constant(logits))
    assert samples.shape == (100_000,)
    error = log_ratio.std() / np.sqrt(100_000)
    expected = -0.5 * np.log(1 - rho**2)
    assert abs(np.mean(samples) - expected) <= 5 * error + 1e-9


def test_loss_is_the_mean_of_both_cross_entropies():
    rng = np.random.default_rng(0)
    joint, permuted = rng.normal(0, 3, (2, 16, 2))
    expected = [
        0.5
        * sum(
            log_loss([label], special.softmax(logits[None]), labels=[0, 1])
            for label, logits in ((0, joint[b]), (1, permuted[b]))
        )
        for b in range(16)
    ]
    given = discriminator_loss(tf.constant(joint), tf.constant(permuted))
    np.testing.assert_allclose(given, expected, rtol=1e-4)


def test_loss_without_knowledge_is_log_2():
    equal = tf.constant([[3.0, 3.0], [-50.0, -50.0]])
    given = discriminator_loss(equal, equal)
    np.testing.assert_allclose(given, [np.log(2)] * 2, rtol=1e-6)


def test_loss_of_a_sure_discriminator_is_finite():
    sure, wrong = tf.constant([[500.0, -500.0]]), tf.constant([[-500.0, 500.0]])
    np.testing.assert_allclose(discriminator_loss(sure, wrong), [0.0])
    np.testing.assert_allclose(discriminator_loss(wrong, sure), [1000.0])
