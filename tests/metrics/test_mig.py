import numpy as np
import pytest
from oracles import ORACLES, score
from sklearn.metrics import mutual_info_score

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics import mig_histogram
from tfdisent.metrics.samplers import FunctionSampler, TableSampler

NAMES = ("shape", "scale", "x")
SIZES = (3, 6, 32)


# Of the definitions' sheet; "x, y", "perfect and ..." follow from it: two of
# five factors, or the same codes and worse rivals. Without shape: of four.
EXPECTED = {
    "perfect": (0.896, 0.870),
    "perfect and noise": (0.896, 0.870),
    "perfect and dead": (0.896, 0.870),
    "duplicated": (0.0, 0.0),
    "rotated": (0.084, 0.070),
    "scale, x, y": (0.537, 0.670),
    "x, y": (0.337, 0.421),
    "noise": (0.0004, 0.0005),
    "constant": (0.0, 0.0),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("equal", ["width", "mass"])
@pytest.mark.parametrize("oracle", ORACLES)
def test_oracle(oracle, equal):
    scores = score(
        mig_histogram, ORACLES[oracle], equal=equal, without=["shape"]
    )
    found = scores["mig_histogram"], scores["mig_histogram_without_shape"]
    tolerance = 0.008 if oracle == "rotated" else 0.002
    assert found == pytest.approx(EXPECTED[oracle], abs=tolerance)


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
        "mig_histogram/mi_matrix",
    }
    assert scores["mig_histogram/mi_matrix"].shape == (2, 3)
    assert (scores["mig_histogram/mi_matrix"][:, 1] == 0).all()
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


@pytest.mark.parametrize(
    "arguments, message",
    [({"without": "shape"}, "list"), ({"equal": "area"}, "width or mass")],
)
def test_refuses_words(arguments, message):
    sampler = FunctionSampler(SIZES, lambda f: f, NAMES)
    with pytest.raises(UsageError, match=message):
        mig_histogram(sampler, np.random.default_rng(0), **arguments)


def test_without_is_the_mean_over_the_other_factors():
    sampler = FunctionSampler(SIZES, lambda f: f * [1.0, -1.0, 0.0], NAMES)

    def scores(*without):
        with pytest.warns(UserWarning, match="constant"):
            return mig_histogram(
                sampler, np.random.default_rng(0), without=without
            )

    two = scores("x", "color", "shape")
    assert (
        two["mig_histogram_without_shape_and_x"] == two["mig_histogram/scale"]
    )
    assert two["mig_histogram"] == scores()["mig_histogram"]
    assert scores("color").keys() == scores().keys()
    assert scores(*NAMES).keys() == scores().keys()


def test_outliers_spoil_bins_of_equal_width_only():
    def codes_of(factors):
        return np.where(factors == 31, 1e6, factors)[:, 2:]

    sampler = FunctionSampler(SIZES, codes_of, NAMES)

    def gap(equal):
        with pytest.warns(UserWarning, match="single latent"):
            scores = mig_histogram(
                sampler, np.random.default_rng(0), equal=equal
            )
        return scores["mig_histogram/x"]

    assert gap("width") < 0.1
    assert gap("mass") > 0.8


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tables_with_few_rows():
    rng = np.random.default_rng(0)
    factors = rng.integers((3, 6), size=(25, 2))
    table = TableSampler(factors * 1.0, factors)
    assert mig_histogram(table, rng)["mig_histogram"] > 0.5
    with pytest.raises(UsageError, match="25 points for num_bins = 26"):
        mig_histogram(table, rng, num_bins=26)
    with pytest.raises(NotApplicable):
        mig_histogram(TableSampler(factors * 1.0), rng)
