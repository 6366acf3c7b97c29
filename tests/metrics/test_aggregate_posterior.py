import numpy as np
import pytest
from oracles import noise
from scipy import special, stats

from tfdisent.metrics import aggregate_posterior
from tfdisent.metrics.samplers import FunctionSampler


@pytest.mark.parametrize("points", [7, 3_000])
def test_log_ratio_agrees_with_slow_loops(points):
    rng = np.random.default_rng(0)
    mean, z = rng.normal(size=(points, 3)), rng.normal(size=(90, 3))
    stddev = rng.uniform(0.1, 2.0, size=(points, 3))
    log_weights = np.log(rng.dirichlet(np.ones(points), size=90))

    ratio = aggregate_posterior.log_ratio(z, mean, stddev, log_weights)
    for i in (0, 1, 43, 89):
        log_density = stats.norm.logpdf(z[i], mean, stddev)  # [N, D]
        joint = special.logsumexp(log_density.sum(axis=1) + log_weights[i])
        marginals = special.logsumexp(
            log_density + log_weights[i][:, None], axis=0
        )
        assert ratio[i] == pytest.approx(joint - marginals.sum())


def test_log_ratio_of_narrow_posteriors_far_from_zero():
    mean = 1e4 + np.array([[0.0, 0.0], [1e-6, 1e-6]])
    stddev = np.full((2, 2), 1e-9)
    log_weights = np.full((2, 2), -np.log(2))
    ratio = aggregate_posterior.log_ratio(mean, mean, stddev, log_weights)
    assert ratio == pytest.approx(np.log(2))


def test_distinct_points_are_different_and_in_random_order():
    rng = np.random.default_rng(0)
    sampler = FunctionSampler((10, 10), noise)
    few = aggregate_posterior.distinct_points(sampler, 90, rng)
    assert 45 < len(few) == len(set(few)) <= 70
    assert (np.diff(few) < 0).any()
    for n in (100, 1_000, None):
        points = aggregate_posterior.distinct_points(sampler, n, rng)
        assert sorted(points) == list(range(100))
        assert (np.diff(points) < 0).any()
