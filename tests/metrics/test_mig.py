import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from tfdisent.errors import UsageError
from tfdisent.metrics import mig_histogram
from tfdisent.metrics.codes import FunctionSampler

NAMES = ("shape", "scale", "x")
SIZES = (3, 6, 32)


def slow_mig(factors, codes, num_bins):
    """Gap of each factor, by loops over codes and factors."""
    gaps = []
    for factor in factors.T:
        informations = []
        for code in codes.T:
            edges = np.histogram(code, num_bins)[1]
            labels = [(value >= edges[1:-1]).sum() for value in code]
            informations.append(mutual_info_score(factor, labels))
        first, second = sorted(informations, reverse=True)[:2]
        gaps.append((first - second) / mutual_info_score(factor, factor))
    return gaps


def test_agrees_with_slow_loops():
    mixing = np.random.default_rng(1).normal(size=(3, 4))
    seen = []

    def codes_of(factors):
        seen.append((factors, factors @ mixing))
        return seen[-1][1]

    scores = mig_histogram(
        FunctionSampler(SIZES, codes_of, NAMES),
        np.random.default_rng(0),
        num_points=800,
        num_bins=7,
    )
    [(factors, codes)] = seen
    gaps = slow_mig(factors, codes, 7)
    assert scores["mig_histogram"] == pytest.approx(np.mean(gaps))
    for name, gap in zip(NAMES, gaps, strict=True):
        assert scores[f"mig_histogram/{name}"] == pytest.approx(gap)


def test_single_latent_is_compared_with_nothing():
    sampler = FunctionSampler(SIZES, lambda f: f[:, :1], NAMES)
    with pytest.warns(UserWarning, match="single latent"):
        scores = mig_histogram(sampler, np.random.default_rng(0))
    assert scores["mig_histogram/shape"] == pytest.approx(1)
    assert scores["mig_histogram"] == pytest.approx(1 / 3, abs=0.01)


def test_factor_that_never_changed_is_left_out():
    sampler = FunctionSampler((3, 1, 6), lambda f: f[:, [0, 2]], NAMES)
    with pytest.warns(UserWarning, match="one value: scale"):
        scores = mig_histogram(sampler, np.random.default_rng(0))
    assert set(scores) == {
        "mig_histogram",
        "mig_histogram/shape",
        "mig_histogram/x",
    }
    assert scores["mig_histogram"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_points": 0},
        {"num_points": 10},
        {"num_bins": 1},
        {"num_bins": 2.5},
    ],
)
def test_refuses_arguments(arguments):
    sampler = FunctionSampler(SIZES, lambda f: f, NAMES)
    with pytest.raises(UsageError, match="num_"):
        mig_histogram(sampler, np.random.default_rng(0), **arguments)
