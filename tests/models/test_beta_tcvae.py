import numpy as np
import pytest
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.losses.kl_decomposition import decompose_kl
from tfdisent.models.beta_tcvae import BetaTCVAE

SHAPE = (16, 16, 1)
IMAGES = tf.constant(
    np.random.default_rng(0).integers(0, 2, (8, *SHAPE)).astype("f")
)


@pytest.mark.parametrize("estimator", ["mss", "mws"])
def test_penalty_weighs_each_term(estimator):
    model = BetaTCVAE(
        image_shape=SHAPE,
        dataset_size=500,
        alpha=0.5,
        beta=7.0,
        gamma=2.0,
        estimator=estimator,
    )
    posterior = model.encode(IMAGES)
    codes = posterior.sample(seed=[1, 2])
    penalty, logs = model.regularizer(posterior, codes, tf.constant(0))
    mi, tc, dimension_wise = decompose_kl(
        posterior, codes, model.prior, 500, estimator
    )
    sampled_kl = mi + tc + dimension_wise
    expected = 0.5 * mi + 7.0 * tc + 2.0 * dimension_wise
    # The rate in closed form stands for the sampled one.
    expected += model.rate(posterior) - sampled_kl
    np.testing.assert_allclose(penalty, expected, rtol=1e-4, atol=1e-4)
    assert float(logs["total_correlation"]) == pytest.approx(np.mean(tc))


def test_data_set_size_comes_from_the_data(squares):
    assert BetaTCVAE.from_dataset(squares).dataset_size == 75


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": -1.0}, "beta is -1"),
        ({"alpha": float("nan")}, "alpha is nan"),
        ({"gamma": -0.5}, "gamma is -0.5"),
        ({"estimator": "exact"}, "'exact'.*mss, mws"),
        ({"dataset_size": 1}, "dataset_size is 1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        BetaTCVAE(image_shape=SHAPE, **{"dataset_size": 500, **arguments})
