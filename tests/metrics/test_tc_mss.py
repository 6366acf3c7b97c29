import numpy as np
import pytest
from oracles import ORACLES, WithPosteriors, constant, perfect, score
from scipy import stats

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.samplers import FunctionSampler
from tfdisent.metrics.tc_mss import stratified_weights, tc_mss

GRID = (4, 5, 3)


def value(codes_of, seed=0, sizes=GRID, stddev=0.1, **options):
    sampler = WithPosteriors(sizes, codes_of, stddev=stddev)
    options = {"batch_size": 20} | options
    return tc_mss(sampler, np.random.default_rng(seed), **options)["tc_mss"]


def rotated_grid(factors):
    mixing = np.random.default_rng(1).normal(size=(3, 3))
    return factors @ np.linalg.qr(mixing)[0]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", ORACLES)
def test_oracle_agrees_with_slow_loops(oracle):
    found = [
        score(tc_mss, ORACLES[oracle], seed, num_points=2_000, batch_size=200)
        for seed in range(3)
    ]
    slow = [slow_tc(ORACLES[oracle], seed) for seed in range(3)]
    error = np.std([f["tc_mss"] for f in found]) + np.std(slow)
    assert np.mean([f["tc_mss"] for f in found]) == pytest.approx(
        np.mean(slow), abs=5 * error + 0.05
    )


def slow_tc(codes_of, seed, total=737_280, batch=200):
    sampler = WithPosteriors((3, 6, 40, 32, 32), codes_of)
    rng = np.random.default_rng(100 + seed)
    values = []
    for _ in range(4):
        mean = sampler.codes(rng.choice(total, batch, replace=False))
        z = mean + 0.1 * rng.normal(size=mean.shape)
        for i in range(batch):
            weights = np.full(batch, 1 / (batch - 1))
            weights[i] = 1 / total
            beside = i + 1 if i + 1 < batch else 0
            weights[beside] = 1 - weights.sum() + weights[beside]
            density = stats.norm.pdf(z[i], mean, 0.1)  # [B, D]
            joint = weights @ density.prod(axis=1)
            values.append(np.log(joint) - np.log(weights @ density).sum())
    return np.mean(values)


@pytest.mark.parametrize("size, total", [(2, 2), (8, 200), (60, 60)])
def test_weights_sum_to_one_with_the_own_on_the_diagonal(size, total):
    weights = stratified_weights(size, total)
    assert weights.sum(axis=1) == pytest.approx(1)
    assert np.diag(weights) == pytest.approx(1 / total)
    others = weights[~np.eye(size, dtype=bool)]
    assert (others > 0).all()


def test_density_is_unbiased():
    """A mixture of N = 200 and batches of B = 8: estimate / exact = 1."""
    rng = np.random.default_rng(0)
    mean, z = rng.normal(size=200), 0.3
    weights = stratified_weights(8, 200)
    density = stats.norm.pdf(z, mean, 0.5)
    estimates = []
    for _ in range(40_000):
        batch = np.append(0, 1 + rng.choice(199, 7, replace=False))
        estimates.append(weights[0] @ density[batch])
    ratio = np.array(estimates) / density.mean()
    assert ratio.mean() == pytest.approx(1, abs=4 * ratio.std() / 200)


def test_constant_latents_add_nothing():
    with pytest.warns(UserWarning, match="3 of 6 latents are constant"):
        dead = value(lambda f: np.hstack([f, 0 * f]), batch_size=60)
    assert dead == pytest.approx(value(lambda f: f, batch_size=60), abs=0.1)


def test_large_batches_come_near_the_truth():
    """Independent codes have 0, a copy its entropy log 4, if B is large."""
    options = {"stddev": 0.3, "batch_size": 60}
    assert value(lambda f: f, **options) == pytest.approx(0, abs=0.1)
    tc = value(lambda f: f[:, [0, 0]], stddev=0.05, batch_size=60)
    assert tc == pytest.approx(np.log(4), abs=0.05)


def test_batches_too_small_for_the_joint_density_under_estimate():
    tc = score(tc_mss, perfect, num_points=2_000)["tc_mss"]
    assert tc == pytest.approx(-3.0, abs=0.3)  # and 0 in truth


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "codes_of",
    [constant, lambda f: perfect(f) * 1e-9, lambda f: perfect(f)[:, :1]],
    ids=["constant", "collapsed", "single"],
)
def test_degenerate_codes_have_none(codes_of):
    with pytest.warns(UserWarning, match="tc_mss"):
        tc = score(tc_mss, codes_of, num_points=200, batch_size=50)["tc_mss"]
    assert tc == pytest.approx(0, abs=1e-9)


def test_fewer_points_than_a_batch():
    with pytest.warns(UserWarning, match="tc_mss has 60 points, not 1000"):
        fewer = value(rotated_grid, batch_size=1_000)
    assert fewer == value(rotated_grid, batch_size=60)


def test_single_point_is_refused():
    with pytest.raises(UsageError, match="single point"):
        value(rotated_grid, sizes=(1, 1, 1))


def test_same_seed_same_value():
    assert value(rotated_grid, 3) == value(rotated_grid, 3)
    assert value(rotated_grid, 3) != value(rotated_grid, 4)
    assert type(value(rotated_grid)) is float


def test_needs_posteriors():
    sampler = FunctionSampler(GRID, rotated_grid)
    with pytest.raises(NotApplicable, match="tc_mss needs q"):
        tc_mss(sampler, np.random.default_rng(0), batch_size=60)


@pytest.mark.parametrize("argument", ["num_points", "batch_size"])
@pytest.mark.parametrize("bad", [1, 2.5])
def test_refuses_arguments(argument, bad):
    with pytest.raises(UsageError, match=argument):
        value(rotated_grid, **{argument: bad})


def test_refuses_codes_that_are_not_finite():
    with pytest.raises(UsageError, match="rows of codes hold NaN"):
        value(lambda f: rotated_grid(f) * np.nan)
