import numpy as np
import pytest
from oracles import ORACLES, perfect, rotated, score

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.irs import irs
from tfdisent.metrics.samplers import FunctionSampler, TableSampler

# Perfect codes by definition, the others of slow_irs over 10 seeds.
EXPECTED = {
    "perfect": (1.0, 1e-9),
    "perfect and noise": (0.482, 0.04),
    "perfect and dead": (1.0, 1e-9),
    "duplicated": (1.0, 1e-9),
    "rotated": (0.464, 0.016),
    "scale, x, y": (1.0, 1e-9),
    "x, y": (1.0, 1e-9),
    "noise": (0.382, 0.056),
    "constant": (0.0, 0.0),
}
ACTIVE = {"perfect and noise": 15, "duplicated": 10, "noise": 10}
ACTIVE |= {"scale, x, y": 3, "x, y": 2, "constant": 0}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", ORACLES)
def test_oracle(oracle):
    expected, tolerance = EXPECTED[oracle]
    scores = score(irs, ORACLES[oracle])
    assert scores["irs"] == pytest.approx(expected, abs=tolerance)
    assert scores["irs/active_latents"] == ACTIVE.get(oracle, 5)
    assert type(scores["irs"]) is float


def slow_irs(factors, codes, quantile):
    matrix, weights = [], []
    for z in codes.T:
        largest = max(abs(z - z.mean()))
        row = []
        for v in factors.T:
            deviations = []
            for value in set(v):
                group = z[v == value]
                distances = abs(group - group.mean())
                deviations.append(np.quantile(distances, quantile))
            row.append(1 - sum(deviations) / len(deviations) / largest)
        matrix.append(row)
        weights.append(largest)
    best = [max(row) for row in matrix]
    return np.array(matrix), np.dot(best, weights) / sum(weights)


@pytest.mark.parametrize("quantile", [0.5, 0.99, 1.0])
def test_agrees_with_slow_loops(quantile):
    seen = []

    def codes_of(factors):
        codes = rotated(factors) * [1, 2, 3, 4, 5] + 7
        seen.append((factors, codes))
        return codes

    scores = score(irs, codes_of, num_points=2_000, quantile=quantile)
    [(factors, codes)] = seen
    matrix, value = slow_irs(factors, codes, quantile)
    np.testing.assert_allclose(scores["irs/matrix"], matrix, rtol=1e-9)
    assert scores["irs"] == pytest.approx(value)


def test_closed_form_of_a_sum_of_two_signs():
    """z = a + b in {-2, 0, 2}: M = 2, and within a value of a it moves 1."""
    sampler = FunctionSampler((2, 2), lambda f: 2.0 * f.sum(axis=1)[:, None])
    with pytest.warns(UserWarning, match="single latent"):
        scores = irs(sampler, np.random.default_rng(0), quantile=1.0)
    assert scores["irs"] == pytest.approx(0.5, abs=0.02)


def test_scale_of_one_latent_is_its_weight():
    scales = np.array([4.0, -1.0, 0.5, -2.0, 8.0])
    base = score(irs, rotated)
    scaled = score(irs, lambda f: rotated(f) * scales)
    np.testing.assert_allclose(scaled["irs/matrix"], base["irs/matrix"])
    assert scaled["irs"] != pytest.approx(base["irs"], abs=1e-4)
    common = score(irs, lambda f: rotated(f) * -1_000)
    assert common["irs"] == pytest.approx(base["irs"])


def test_dead_latents_are_dropped():
    def codes_of(factors):
        codes = np.full((len(factors), 7), 0.1, np.float32)
        codes[:, :5] = rotated(factors)
        codes[:, 5] = np.nextafter(codes[:, 5], codes[:, 5] + factors[:, 0])
        return codes

    with pytest.warns(UserWarning, match="2 of 7 latents are constant"):
        scores = score(irs, codes_of)
    assert scores["irs"] == pytest.approx(score(irs, rotated)["irs"], abs=1e-6)
    assert (scores["irs/matrix"][5:] == 0).all()
    assert scores["irs/active_latents"] == 5


def test_collapsed_codes_keep_their_score():
    with pytest.warns(UserWarning, match="collapsed"):
        scores = score(irs, lambda f: perfect(f) * 1e-9)
    assert scores["irs"] == pytest.approx(1)


def test_factor_with_one_value_is_left_out():
    sampler = FunctionSampler((3, 1, 6), lambda f: f[:, [0, 2]], "abc")
    with pytest.warns(UserWarning, match="one value: b"):
        scores = irs(sampler, np.random.default_rng(0))
    assert scores["irs"] == pytest.approx(1)
    assert (scores["irs/matrix"][:, 1] == 0).all()


def test_values_that_are_rare_are_warned_of():
    rng = np.random.default_rng(0)
    factors = np.arange(40)[:, None] // [1, 20]
    table = TableSampler(rng.normal(size=(40, 2)), factors)
    with pytest.warns(UserWarning, match="irs: 40 values of factors occur"):
        scores = irs(table, rng, num_points=40)
    # One point for each value deviates from nothing.
    np.testing.assert_allclose(scores["irs/matrix"][:, 0], 1)


@pytest.mark.parametrize(
    "options",
    [{"quantile": 0}, {"quantile": 1.1}, {"quantile": np.nan}]
    + [{"num_points": 1}],
)
def test_refuses_options(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        score(irs, perfect, **options)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_refuses_what_cannot_be_measured():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(50, 2))
    with pytest.raises(NotApplicable, match="irs"):
        irs(TableSampler(codes), rng)
    with pytest.raises(UsageError, match="1 or more factors"):
        irs(TableSampler(codes, np.zeros((50, 2), np.int64)), rng)


def test_bins_of_the_study_merge_values():
    """12 values in 6 bins are what 6 values in pairs are."""
    halved = FunctionSampler((12, 5), lambda f: np.hstack([f, f[:, :1] // 2]))
    rng = np.random.default_rng
    cut = irs(halved, rng(0), num_bins=6)["irs/matrix"]
    whole = irs(halved, rng(0))["irs/matrix"]
    assert cut[2, 0] == whole[2, 0] == whole[0, 0] == 1
    # Two neighbours are half a step from their mean; the largest is 5.5.
    assert cut[0, 0] == pytest.approx(1 - 0.5 / 5.5, abs=0.01)
    assert score(irs, perfect, num_bins=20)["irs"] == pytest.approx(
        0.986, abs=0.003
    )


def test_one_bin_is_refused():
    with pytest.raises(UsageError, match="num_bins is 1"):
        score(irs, perfect, num_bins=1)
