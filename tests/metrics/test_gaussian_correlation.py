import numpy as np
import pytest
from oracles import ORACLES, constant, noise, perfect, rotated, score
from scipy import linalg

from tfdisent.errors import UsageError
from tfdisent.metrics.gaussian_correlation import (
    gaussian_wasserstein,
    tc_gaussian,
)
from tfdisent.metrics.samplers import TableSampler

both = pytest.mark.parametrize("metric", [tc_gaussian, gaussian_wasserstein])
FLOOR = -0.5 * np.log(1e-12)  # nats of a latent that others determine


def of_table(metric, codes, **options):
    options = {"num_points": len(codes)} | options
    return metric(TableSampler(codes), np.random.default_rng(0), **options)


def whitened(n, dims):
    """Codes whose covariance is the identity, to rounding."""
    codes = np.random.default_rng(0).normal(size=(n, dims))
    codes -= codes.mean(axis=0)
    return np.linalg.solve(np.linalg.cholesky(codes.T @ codes / n), codes.T).T


def correlated(rho, n=500):
    first, second = whitened(n, 2).T
    return np.stack([first, rho * first + np.sqrt(1 - rho**2) * second], axis=1)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "oracle, tc, normalized",
    [
        ("perfect", 0, 0),
        ("perfect and noise", 0, 0),
        ("perfect and dead", 0, 0),
        ("duplicated", 5 * (FLOOR - 0.5 * np.log(2)), 2 - np.sqrt(2)),
        ("rotated", 0, 0),
        ("scale, x, y", 0, 0),
        ("x, y", 0, 0),
        ("noise", 0, 0),
        ("constant", 0, 0),
    ],
)
def test_oracle(oracle, tc, normalized):
    codes_of = ORACLES[oracle]
    assert score(tc_gaussian, codes_of)["tc_gaussian"] == pytest.approx(
        tc, abs=0.01
    )
    scores = score(gaussian_wasserstein, codes_of)
    key = "gaussian_wasserstein/normalized"
    assert scores[key] == pytest.approx(normalized, abs=0.001)


@pytest.mark.parametrize("rho", [0.0, 0.5, -0.9, 0.999])
def test_two_correlated_codes(rho):
    codes = correlated(rho)
    tc = of_table(tc_gaussian, codes)["tc_gaussian"]
    assert tc == pytest.approx(-0.5 * np.log(1 - rho**2), abs=1e-9)
    scores = of_table(gaussian_wasserstein, 3 * codes)
    roots = np.sqrt(1 + rho) + np.sqrt(1 - rho)
    normalized = (4 - 2 * roots) / 2
    assert scores["gaussian_wasserstein/normalized"] == pytest.approx(
        normalized, abs=1e-9
    )
    assert scores["gaussian_wasserstein"] == pytest.approx(18 * normalized)


def test_agrees_with_the_matrix_root_of_unequal_codes():
    mixing = np.random.default_rng(3).normal(size=(4, 4)) * [1, 5, 0.1, 2]
    codes = np.random.default_rng(4).normal(size=(300, 4)) @ mixing
    covariance = np.cov(codes.T, ddof=0)
    diagonal = np.diag(np.diag(covariance))
    root = linalg.sqrtm(covariance @ diagonal)
    expected = 2 * np.trace(covariance) - 2 * np.trace(root).real
    scores = of_table(gaussian_wasserstein, codes)
    assert scores["gaussian_wasserstein"] == pytest.approx(expected)
    expected = 0.5 * (
        np.log(np.diag(covariance)).sum() - np.linalg.slogdet(covariance)[1]
    )
    assert of_table(tc_gaussian, codes)["tc_gaussian"] == pytest.approx(
        expected
    )


def test_scale_and_sign_of_a_latent_do_not_change_total_correlation():
    codes = correlated(0.7)
    expected = of_table(tc_gaussian, codes)
    with pytest.warns(UserWarning, match="collapsed"):
        collapsed = of_table(tc_gaussian, codes * 1e-9)
    assert collapsed == pytest.approx(expected)
    with pytest.warns(UserWarning, match="1 of 2 latents are constant"):
        scaled = of_table(tc_gaussian, codes * [1e-9, -4.0])
    assert scaled == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_dead_latents_change_nothing():
    codes = correlated(0.7)
    dead = np.hstack([codes, np.full((len(codes), 2), np.float32(0.1))])
    for metric in (tc_gaussian, gaussian_wasserstein):
        with pytest.warns(UserWarning, match="2 of 4 latents are constant"):
            scores = of_table(metric, dead)
        assert scores == pytest.approx(of_table(metric, codes))


def test_linear_function_of_others_is_finite_with_a_warning():
    codes = whitened(200, 3)
    codes = np.hstack([codes, codes @ [[1.0], [2.0], [3.0]]])
    with pytest.warns(UserWarning, match="infinite, for 1 latents"):
        tc = of_table(tc_gaussian, codes)["tc_gaussian"]
    assert 10 < tc < 14


def test_fewer_rows_than_latents():
    codes = np.random.default_rng(0).normal(size=(3, 5))
    with pytest.warns(UserWarning, match="infinite, for 3 latents"):
        tc = of_table(tc_gaussian, codes)["tc_gaussian"]
    assert np.isfinite(tc)


@both
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "codes_of", [constant, lambda f: constant(f)[:, :1]], ids=["all", "one"]
)
def test_constant_codes_are_zero(metric, codes_of):
    assert set(score(metric, codes_of).values()) == {0.0}


@both
def test_single_latent_is_zero_with_a_warning(metric):
    with pytest.warns(UserWarning, match="single latent"):
        scores = score(metric, lambda f: perfect(f)[:, :1])
    assert list(scores.values()) == pytest.approx([0] * len(scores), abs=1e-9)


@both
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_row_is_zero(metric):
    scores = of_table(metric, np.ones((1, 3)), num_points=10)
    assert set(scores.values()) == {0.0}


@both
def test_same_seed_same_value(metric):
    assert score(metric, rotated, 3) == score(metric, rotated, 3)
    assert score(metric, rotated, 3) != score(metric, rotated, 4)
    assert all(type(value) is float for value in score(metric, noise).values())


@both
@pytest.mark.parametrize("num_points", [1, 2.5])
def test_refuses_arguments(metric, num_points):
    with pytest.raises(UsageError, match="num_points"):
        score(metric, perfect, num_points=num_points)


@both
def test_refuses_codes_that_are_not_finite(metric):
    with pytest.raises(UsageError, match="rows of codes hold NaN"):
        score(metric, lambda f: perfect(f) * np.nan)
