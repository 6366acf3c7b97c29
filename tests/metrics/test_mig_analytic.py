import functools
import os

import numpy as np
import pytest
from oracles import NAMES, ORACLES, SIZES, constant, perfect, rotated, score
from oracles import WithPosteriors as Posteriors
from scipy import stats

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.mig_analytic import mig_analytic
from tfdisent.metrics.samplers import FunctionSampler, TableSampler

STDDEV = 0.1  # of the oracles' posteriors


class Table(TableSampler):
    """Rows with posteriors of their own."""

    def __init__(self, mean, stddev, factors):
        super().__init__(mean, factors)
        self.stddev = np.broadcast_to(stddev, np.shape(mean))

    def posteriors(self, points):
        return self.codes(points), self.stddev[points]


def exact_information(mean, stddev, labels):
    """I(z; v) of one latent by quadrature, points being equally likely."""
    low, high = (mean - 9 * stddev).min(), (mean + 9 * stddev).max()
    z = np.linspace(low, high, 8_001)
    density = stats.norm.pdf(z[:, None], mean, stddev)
    total, information = density.mean(axis=1), 0.0
    for value in np.unique(labels):
        within = density[:, labels == value].mean(axis=1)
        ratio = np.divide(within, total, out=np.ones_like(z), where=within > 0)
        part = np.trapezoid(within * np.log(ratio), z)
        information += (labels == value).mean() * part
    return information


@functools.cache
def exact_gaps():
    """Gap of each factor if one code is that factor, scaled, plus noise."""
    gaps = []
    for k, size in enumerate(SIZES):
        factors = np.zeros((size, 5), np.int64)
        factors[:, k] = np.arange(size)
        mean = perfect(factors)[:, k]
        bits = exact_information(mean, np.full(size, STDDEV), np.arange(size))
        gaps.append(bits / np.log(size))
    return np.array(gaps)


# Which factors have a code of their own. With 4,000 points a noise code seems
# to know up to 0.09 nats of a factor, 0.03 of its entropy.
OWN = {
    "perfect": [1, 1, 1, 1, 1],
    "perfect and noise": [1, 1, 1, 1, 1],
    "perfect and dead": [1, 1, 1, 1, 1],
    "duplicated": [0, 0, 0, 0, 0],
    "scale, x, y": [0, 1, 0, 1, 1],
    "x, y": [0, 0, 0, 1, 1],
    "noise": [0, 0, 0, 0, 0],
    "constant": [0, 0, 0, 0, 0],
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", OWN)
def test_oracle(oracle):
    expected = exact_gaps() * OWN[oracle]
    scores = score(
        mig_analytic, ORACLES[oracle], num_points=4_000, num_samples=2_000
    )
    gaps = [scores[f"mig_analytic/{name}"] for name in NAMES]
    assert gaps == pytest.approx(expected, abs=0.035)
    assert scores["mig_analytic"] == pytest.approx(np.mean(gaps))
    assert scores["mig_analytic_without_shape"] == pytest.approx(
        np.mean(gaps[1:])
    )
    if oracle in ("duplicated", "constant"):
        assert scores["mig_analytic"] == pytest.approx(0, abs=1e-6)


def test_rotated():
    """Each code is a sum; the histogram form, too, finds 0.08."""
    scores = score(mig_analytic, rotated, num_points=4_000, num_samples=2_000)
    assert scores["mig_analytic"] == pytest.approx(0.083, abs=0.015)


def test_agrees_with_quadrature():
    rng = np.random.default_rng(1)
    factors = np.stack(np.unravel_index(np.arange(60), (3, 4, 5)), axis=1)
    mean = perfect_of(factors) @ rng.normal(size=(3, 4))
    stddev = rng.uniform(0.05, 1.5, size=(60, 4))
    expected = [
        [exact_information(m, s, f) for f in factors.T]
        for m, s in zip(mean.T, stddev.T, strict=True)
    ]

    scores = mig_analytic(Table(mean, stddev, factors), rng, num_samples=50_000)
    matrix = scores["mig_analytic/mi_matrix"]
    np.testing.assert_allclose(matrix, expected, atol=0.01)
    second, first = np.sort(expected, axis=0)[-2:]
    gaps = (first - second) / np.log([3, 4, 5])
    assert scores["mig_analytic"] == pytest.approx(gaps.mean(), abs=0.005)


def perfect_of(factors):
    return (factors - factors.mean(axis=0)) / factors.std(axis=0)


@pytest.mark.parametrize("noise", [0.3, 1.0, 3.0])
def test_gaussian_channel(noise):
    """I = log(1 + 1 / noise^2) / 2 if the factor is normal; 400 levels here."""
    levels = stats.norm.ppf((np.arange(400) + 0.5) / 400)
    sampler = Posteriors(
        (400,), lambda f: levels[f] * np.array([1.0, 1e-3]), stddev=noise
    )
    scores = mig_analytic(sampler, np.random.default_rng(0))
    information = scores["mig_analytic/mi_matrix"][:, 0]
    assert information[0] == pytest.approx(np.log1p(noise**-2) / 2, abs=0.02)
    assert information[1] == pytest.approx(0, abs=0.001)


def test_separated_posteriors_say_all():
    sampler = Posteriors((3, 8), lambda f: f * 1.0, stddev=0.05)
    scores = mig_analytic(sampler, np.random.default_rng(0))
    assert scores["mig_analytic"] == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(
        scores["mig_analytic/mi_matrix"],
        np.diag(np.log([3, 8])),
        atol=1e-5,
    )


@pytest.mark.filterwarnings("ignore::UserWarning", "error::RuntimeWarning")
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_scale_and_offset_do_not_matter(scale):
    mean = np.random.default_rng(1).normal(size=(50, 3))
    factors = np.arange(50)[:, None] % [2, 5]

    def values(scale, offset):
        table = Table(offset + mean * scale, 0.2 * scale, factors)
        return mig_analytic(table, np.random.default_rng(0), num_samples=2_000)

    found = values(scale, scale * 1e6)["mig_analytic/mi_matrix"]
    np.testing.assert_allclose(
        found, values(1.0, 0.0)["mig_analytic/mi_matrix"], atol=1e-3
    )


@pytest.mark.filterwarnings("ignore::UserWarning", "error::RuntimeWarning")
@pytest.mark.parametrize("outlier", [0.0, 1e7])
def test_any_mix_of_widths_is_finite(outlier):
    """Widths 1e-40 to 1e4: densities neither vanish nor overflow."""
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(300, 4)) * [1.0, 1e-6, 1e6, 0.0]
    mean[7] += outlier
    stddev = 10 ** rng.uniform(-40, 4, size=(300, 4))
    factors = np.arange(300)[:, None] % [2, 7]
    matrix = mig_analytic(Table(mean, stddev, factors), rng, num_samples=2_000)[
        "mig_analytic/mi_matrix"
    ]
    assert (matrix <= np.log([2, 7]) + 1e-3).all()
    assert np.isfinite(matrix).all()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("shift", [0.0, 1e-12])
def test_wide_posteriors_say_nothing(shift):
    codes_of = lambda f: constant(f) + shift * perfect(f)[:, :1]  # noqa: E731
    sampler = Posteriors(SIZES, codes_of, NAMES, stddev=1.0)
    scores = mig_analytic(
        sampler, np.random.default_rng(0), num_points=2_000, num_samples=500
    )
    assert scores["mig_analytic/mi_matrix"] == pytest.approx(0, abs=1e-6)


def test_own_point_counts_more_among_fewer_points():
    """The bias of the drawn mixture, for codes that know of no factor."""

    def information(num_points):
        sampler = Posteriors((4, 600), normal_of, stddev=0.05)
        scores = mig_analytic(
            sampler,
            np.random.default_rng(0),
            num_points=num_points,
            num_samples=2_000,
        )
        return scores["mig_analytic/mi_matrix"][:, 0].mean()

    few, many = information(200), information(None)
    assert few > 3 * many > 0


def normal_of(factors):
    levels = np.random.default_rng(0).normal(size=(4, 600, 2))
    return levels[factors[:, 0], factors[:, 1]]


def test_none_and_as_many_points_as_there_are_is_the_exact_form():
    sampler = Posteriors((3, 8), lambda f: f * 1.0)

    def value(num_points):
        return mig_analytic(
            sampler, np.random.default_rng(0), num_points=num_points
        )["mig_analytic"]

    assert value(None) == value(24) == value(10_000) != value(20)


def test_result_does_not_depend_on_the_number_of_cores(monkeypatch):
    def matrix(cores):
        monkeypatch.setattr(os, "cpu_count", lambda: cores)
        return score(
            mig_analytic, rotated, num_points=1_500, num_samples=1_300
        )["mig_analytic/mi_matrix"]

    np.testing.assert_array_equal(matrix(1), matrix(7))


def test_order_of_latents_does_not_matter():
    few = {"num_points": 800, "num_samples": 700}
    order = [3, 1, 4, 0, 2]
    shuffled = score(mig_analytic, lambda f: rotated(f)[:, order], **few)
    expected = score(mig_analytic, rotated, **few)
    matrix = expected.pop("mig_analytic/mi_matrix")[order]
    np.testing.assert_allclose(shuffled.pop("mig_analytic/mi_matrix"), matrix)
    assert shuffled == pytest.approx(expected)


def test_missing_values_and_few_rows():
    """Values that no row has do not count: 2 of 0..4 occur."""
    factors = np.array([[0, 4], [4, 0], [0, 0], [4, 4]])
    scores = mig_analytic(
        Table(factors * 1.0, 0.01, factors), np.random.default_rng(0)
    )
    assert scores["mig_analytic"] == pytest.approx(1, abs=1e-4)


def test_factor_with_one_value_is_left_out():
    sampler = Posteriors((3, 1, 8), lambda f: f[:, [0, 2]] * 1.0, stddev=0.01)
    with pytest.warns(UserWarning, match="one value: factor_1"):
        scores = mig_analytic(sampler, np.random.default_rng(0))
    assert scores["mig_analytic"] == pytest.approx(1, abs=1e-4)
    assert scores["mig_analytic/mi_matrix"].shape == (2, 3)
    assert (scores["mig_analytic/mi_matrix"][:, 1] == 0).all()


def test_single_latent_is_compared_with_nothing():
    sampler = Posteriors((3, 8), lambda f: f[:, :1] * 1.0, stddev=0.01)
    with pytest.warns(UserWarning, match="single latent"):
        scores = mig_analytic(sampler, np.random.default_rng(0))
    assert scores["mig_analytic/factor_0"] == pytest.approx(1, abs=1e-4)
    assert scores["mig_analytic/factor_1"] == pytest.approx(0, abs=1e-4)


def test_needs_posteriors_and_factors():
    rng = np.random.default_rng(0)
    with pytest.raises(NotApplicable, match=r"mig_analytic needs q\(z\|x\)"):
        mig_analytic(FunctionSampler((3, 8), lambda f: f), rng)
    with pytest.raises(NotApplicable, match="factors"):
        mig_analytic(Table(np.eye(3), 1.0, None), rng)
    with pytest.raises(UsageError, match="1 or more factors"):
        mig_analytic(Table(np.eye(3), 1.0, np.ones((3, 1))), rng)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_points": 1}, "num_points"),
        ({"num_samples": 0}, "num_samples"),
        ({"without": "shape"}, "list"),
    ],
)
def test_refuses_arguments(arguments, message):
    with pytest.raises(UsageError, match=message):
        score(mig_analytic, perfect, **arguments)
