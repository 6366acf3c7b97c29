import numpy as np
import pytest
from oracles import ORACLES, constant, noise, perfect, score

from tfdisent.errors import UsageError
from tfdisent.metrics.samplers import TableSampler
from tfdisent.metrics.tc_discriminator import tc_discriminator

FAST = {"num_train": 2_000, "num_test": 1_000, "num_epochs": 25}


def of_table(codes, seed=0, **options):
    sampler = TableSampler(codes)
    rng = np.random.default_rng(seed)
    return tc_discriminator(sampler, rng, **(FAST | options))[
        "tc_discriminator"
    ]


def correlated(rho, n=6_000):
    first, second = np.random.default_rng(0).normal(size=(2, n))
    return np.stack([first, rho * first + np.sqrt(1 - rho**2) * second], axis=1)


# True values with stddev 0.1: 0, but 2.0 for rotated and 8.3 for duplicated;
# these are what 2,000 points and 25 epochs find.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "oracle, low, high",
    [
        ("perfect", -0.15, 0.15),
        ("perfect and noise", -0.3, 0.15),
        ("perfect and dead", -0.15, 0.15),
        ("duplicated", 3.0, 8.5),
        ("rotated", 0.05, 2.0),
        ("scale, x, y", -0.15, 0.15),
        ("x, y", -0.15, 0.15),
        ("noise", -0.3, 0.15),
        ("constant", -0.15, 0.15),
    ],
)
def test_oracle(oracle, low, high):
    scores = score(tc_discriminator, ORACLES[oracle], **FAST)
    assert low < scores["tc_discriminator"] < high


@pytest.mark.parametrize("rho", [0.0, 0.6, -0.9])
def test_gaussian_codes_without_posteriors(rho):
    tc = of_table(
        correlated(rho), num_train=4_000, num_test=2_000, num_epochs=15
    )
    assert tc == pytest.approx(-0.5 * np.log(1 - rho**2), abs=0.12)


def test_posteriors_are_sampled():
    """A latent given twice, with noise as large as itself: rho = 1/2."""

    class Twice:
        factor_names, factor_sizes, num_points = (), (), 100_000
        with_replacement = True

        def sample(self, n, rng):
            return rng.integers(self.num_points, size=n)

        def posteriors(self, points):
            values = np.random.default_rng(0).normal(size=self.num_points)
            mean = np.repeat(values[points, None], 2, axis=1)
            return mean, np.ones_like(mean)

    scores = tc_discriminator(
        Twice(),
        np.random.default_rng(0),
        num_train=4_000,
        num_test=4_000,
        num_epochs=10,
    )
    expected = -0.5 * np.log(1 - 0.25)
    assert scores["tc_discriminator"] == pytest.approx(expected, abs=0.08)


def test_scale_does_not_matter():
    codes = correlated(0.9, 1_000)
    a = of_table(codes)
    b = of_table(codes * [1e6, 1e-3] + [1e6, 0])
    assert a == pytest.approx(b, abs=0.05)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_code_without_noise_given_twice_is_finite():
    assert 2 < of_table(correlated(1.0)) < 30


@pytest.mark.parametrize(
    "codes_of, text",
    [
        (constant, "collapsed"),
        (lambda f: perfect(f) * 1e-9, "collapsed"),
        (lambda f: perfect(f)[:, :1], "single latent"),
    ],
)
def test_degenerate_codes_have_about_none(codes_of, text):
    with pytest.warns(UserWarning, match=f"tc_discriminator: .*{text}"):
        scores = score(tc_discriminator, codes_of, **FAST)
    assert scores["tc_discriminator"] == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize("rows", [3, 30])
def test_few_rows_give_a_finite_value(rows):
    assert np.isfinite(of_table(correlated(0.5)[:rows]))


def test_two_rows_are_refused():
    with pytest.raises(UsageError, match="has 2 points"):
        of_table(correlated(0.5)[:2])


def test_same_seed_same_value():
    options = {"num_train": 500, "num_epochs": 2}
    codes = correlated(0.5, 1_000)
    assert of_table(codes, 3, **options) == of_table(codes, 3, **options)
    assert of_table(codes, 3, **options) != of_table(codes, 4, **options)


@pytest.mark.parametrize(
    "bad", [{"num_train": 1}, {"num_test": 0}, {"num_epochs": 1.5}]
)
def test_refuses_arguments(bad):
    with pytest.raises(UsageError, match=next(iter(bad))):
        score(tc_discriminator, noise, **bad)


def test_refuses_codes_that_are_not_finite():
    with pytest.raises(UsageError, match="rows of codes hold NaN"):
        score(tc_discriminator, lambda f: perfect(f) * np.nan)
