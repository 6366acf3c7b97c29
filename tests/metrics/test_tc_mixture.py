import numpy as np
import pytest
from oracles import (
    NAMES,
    ORACLES,
    SIZES,
    WithPosteriors,
    constant,
    perfect,
    score,
)
from scipy import special, stats

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.samplers import FunctionSampler, SomeLatents
from tfdisent.metrics.tc_mixture import tc_mixture

SMALL = {"num_points": 500, "num_samples": 200}
GRID = (4, 5, 3)


def value(codes_of, seed=0, sizes=GRID, stddev=0.1, **options):
    sampler = WithPosteriors(sizes, codes_of, stddev=stddev)
    return tc_mixture(sampler, np.random.default_rng(seed), **options)[
        "tc_mixture"
    ]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", ORACLES)
def test_oracle_agrees_with_slow_loops(oracle):
    codes_of, seen = ORACLES[oracle], {}

    class Seen(WithPosteriors):
        def posteriors(self, points):
            seen["mean"], seen["stddev"] = super().posteriors(points)
            return seen["mean"], seen["stddev"]

    sampler = Seen(SIZES, codes_of, NAMES)
    found = tc_mixture(sampler, np.random.default_rng(0), **SMALL)["tc_mixture"]
    rng, n = np.random.default_rng(1), len(seen["mean"])
    ratios = []
    for mean in seen["mean"][:200]:
        z = mean + 0.1 * rng.normal(size=mean.shape)
        log_density = stats.norm.logpdf(z, seen["mean"], 0.1)
        log_q = special.logsumexp(log_density.sum(axis=1)) - np.log(n)
        marginals = special.logsumexp(log_density, axis=0) - np.log(n)
        ratios.append(log_q - marginals.sum())
    error = np.std(ratios) / np.sqrt(200)
    assert found == pytest.approx(np.mean(ratios), abs=6 * error + 1e-9)
    if oracle == "constant":
        assert found == pytest.approx(0, abs=1e-9)


def test_independent_codes_of_all_points_have_none():
    for stddev in (0.01, 0.5):
        tc = value(lambda f: f * 1.0, stddev=stddev, num_samples=50)
        assert tc == pytest.approx(0, abs=1e-12)


def test_copy_of_a_separated_code_costs_its_entropy():
    tc = value(lambda f: f[:, [0, 0]], stddev=0.01, num_samples=400)
    assert tc == pytest.approx(np.log(4), abs=1e-9)
    tc = value(lambda f: f[:, [0, 0, 0]], stddev=0.01, num_samples=400)
    assert tc == pytest.approx(2 * np.log(4), abs=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_gaussian_codes(rho):
    """Means and posteriors whose mixture is nearly N(0, [[1, r], [r, 1]])."""
    noise = 0.3
    normal = stats.norm.ppf((np.arange(60) + 0.5) / 60)
    normal /= normal.std()
    covariance = np.array([[1, rho], [rho, 1]]) - noise**2 * np.eye(2)
    root = np.linalg.cholesky(covariance)
    tc = value(
        lambda f: normal[f] @ root.T,
        sizes=(60, 60),
        stddev=noise,
        num_samples=4_000,
    )
    assert tc == pytest.approx(-0.5 * np.log(1 - rho**2), abs=0.06)


def test_part_of_the_points_over_estimates_and_all_are_exact():
    part = value(perfect, sizes=SIZES, num_points=300, num_samples=50)
    assert part > 1
    few = value(rotated_grid, num_points=20, num_samples=500)
    everything = value(rotated_grid, num_points=None, num_samples=500)
    assert value(rotated_grid, num_points=60, num_samples=500) == everything
    assert few > everything + 0.1


def rotated_grid(factors):
    mixing = np.random.default_rng(1).normal(size=(3, 3))
    return factors @ np.linalg.qr(mixing)[0]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_order_sign_and_scale_do_not_matter():
    sampler = WithPosteriors(GRID, rotated_grid, stddev=0.3)

    class Changed(WithPosteriors):
        def posteriors(self, points):
            mean, stddev = sampler.posteriors(points)
            scale = [4.0, -0.5, 1e-6]
            return (mean * scale)[:, ::-1], (stddev * np.abs(scale))[:, ::-1]

    a, b = (
        tc_mixture(s, np.random.default_rng(0), num_samples=3_000)
        for s in (sampler, Changed(GRID, rotated_grid))
    )
    assert a["tc_mixture"] == pytest.approx(b["tc_mixture"], abs=0.05)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "codes_of",
    [constant, lambda f: perfect(f) * 1e-9, lambda f: perfect(f)[:, :1]],
    ids=["constant", "collapsed", "single"],
)
def test_degenerate_codes_have_none(codes_of):
    with pytest.warns(UserWarning, match="tc_mixture"):
        tc = score(tc_mixture, codes_of, **SMALL)["tc_mixture"]
    assert tc == pytest.approx(0, abs=1e-9)


def test_dead_latents_change_nothing():
    sampler = WithPosteriors(
        GRID, lambda f: np.hstack([rotated_grid(f), 0 * f]), stddev=0.1
    )
    with pytest.warns(UserWarning, match="3 of 6 latents are constant"):
        dead = tc_mixture(sampler, np.random.default_rng(0))
    live = SomeLatents(sampler, [0, 1, 2])
    live = tc_mixture(live, np.random.default_rng(0))
    assert dead["tc_mixture"] == pytest.approx(live["tc_mixture"], abs=0.05)


def test_same_seed_same_value():
    assert value(rotated_grid, 3) == value(rotated_grid, 3)
    assert value(rotated_grid, 3) != value(rotated_grid, 4)
    assert type(value(rotated_grid)) is float


def test_needs_posteriors():
    sampler = FunctionSampler(GRID, rotated_grid)
    with pytest.raises(NotApplicable, match="tc_mixture needs q"):
        tc_mixture(sampler, np.random.default_rng(0))


@pytest.mark.parametrize("argument", ["num_points", "num_samples"])
@pytest.mark.parametrize("bad", [0, 2.5])
def test_refuses_arguments(argument, bad):
    with pytest.raises(UsageError, match=argument):
        value(rotated_grid, **{argument: bad})


def test_refuses_codes_that_are_not_finite():
    with pytest.raises(UsageError, match="rows of codes hold NaN"):
        value(lambda f: rotated_grid(f) * np.nan)
