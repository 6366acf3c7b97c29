import numpy as np
import pytest
from oracles import ORACLES, constant, noise, perfect, score
from sklearn.metrics import mutual_info_score

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.modularity import modularity
from tfdisent.metrics.samplers import FunctionSampler, TableSampler

# The main value, among active codes, weighted, and the noise floor. Of the
# definitions' sheet: noise 0.635 to 0.673, rotations 0.81 to 0.94; ten of the
# fifteen codes "perfect and ..." are noise, or dead. By information, five
# perfect codes outweigh ten of noise.
EXPECTED = {
    "perfect": (1.0, 1.0, 1.0, 0.67),
    "perfect and noise": (0.779, 0.779, 0.99, 0.67),
    "perfect and dead": (1 / 3, 1.0, 1.0, 0.67 / 3),
    "duplicated": (1.0, 1.0, 1.0, 0.67),
    "rotated": (0.880, 0.880, 0.904, 0.67),
    "scale, x, y": (1.0, 1.0, 1.0, 0.67),
    "x, y": (1.0, 1.0, 1.0, 0.67),
    "noise": (0.66, 0.66, 0.66, 0.67),
    "constant": (0.0, 0.0, 0.0, 0.0),
}
KEYS = ["modularity"] + [
    f"modularity/{part}" for part in ("active_only", "weighted", "noise_floor")
]
# Four standard deviations; below 0.0005 where all codes are perfect.
TOLERANCES = {"perfect and noise": 0.04, "rotated": 0.02, "noise": 0.06}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", ORACLES)
def test_oracle(oracle):
    scores = score(modularity, ORACLES[oracle])
    *values, floor = (scores[key] for key in KEYS)
    *expected, expected_floor = EXPECTED[oracle]
    tolerance = TOLERANCES.get(oracle, 0.0005)
    assert values == pytest.approx(expected, abs=tolerance)
    assert floor == pytest.approx(expected_floor, abs=0.1)


def test_agrees_with_slow_loops():
    rng = np.random.default_rng(1)
    factors = rng.integers((3, 6, 20), size=(400, 3))
    codes = factors @ rng.normal(size=(3, 4))
    codes[:, 3] = 7.0

    each, thetas = [], []
    for code in codes.T:
        edges = np.histogram(code, 8)[1]
        labels = [(value >= edges[1:-1]).sum() for value in code]
        m = [mutual_info_score(labels, factor) for factor in factors.T]
        theta = max(m)
        rest = sum(i**2 for i in m if i != theta)
        each.append(1 - rest / (theta**2 * 2) if theta > 1e-9 else 0.0)
        thetas.append(theta)

    with pytest.warns(UserWarning, match="1 of 4 latents are constant"):
        scores = modularity(
            TableSampler(codes, factors), rng, num_points=400, num_bins=8
        )
    assert scores["modularity"] == pytest.approx(np.mean(each))
    assert scores["modularity/active_only"] == pytest.approx(np.mean(each[:3]))
    assert scores["modularity/weighted"] == pytest.approx(
        np.average(each, weights=thetas)
    )
    assert scores["modularity/mi_matrix"].max(axis=1) == pytest.approx(thetas)


def test_floor_is_the_score_of_codes_that_know_nothing():
    floors = [
        score(modularity, perfect, seed)["modularity/noise_floor"]
        for seed in range(8)
    ]
    # The factors of other points have the marginals of these, and no relation.
    other = [
        score(modularity, lambda f: np.roll(perfect(f), 1, axis=0), seed)[
            "modularity"
        ]
        for seed in range(8)
    ]
    error = np.std(floors + other) / np.sqrt(4)
    assert np.mean(floors) == pytest.approx(np.mean(other), abs=4 * error)
    assert error < 0.02


def test_order_of_latents_does_not_change_the_floor():
    order = [3, 1, 4, 0, 2]
    assert score(modularity, lambda f: perfect(f)[:, order])[
        "modularity/noise_floor"
    ] == pytest.approx(score(modularity, perfect)["modularity/noise_floor"])


def test_scale_does_not_matter():
    collapsed = lambda f: noise(f) * 2.0**-30  # noqa: E731
    with pytest.warns(UserWarning, match="collapsed"):
        scores = score(modularity, collapsed)
    expected = score(modularity, noise)
    assert [scores[key] for key in KEYS] == [expected[key] for key in KEYS]


def test_constant_codes_score_0_with_a_warning():
    with pytest.warns(UserWarning, match="modularity: all 10 latents"):
        scores = score(modularity, constant)
    assert [scores[key] for key in KEYS] == [0.0] * 4


def test_factor_with_one_value_does_not_count():
    codes_of = lambda f: f[:, [0, 2]] @ np.array([[2.0, 1], [0, 1]])  # noqa: E731
    rng = np.random.default_rng
    with pytest.warns(UserWarning, match="one value: factor_1"):
        scores = modularity(FunctionSampler((3, 1, 6), codes_of), rng(0))
    expected = modularity(
        FunctionSampler((3, 6), lambda f: f @ np.array([[2.0, 1], [0, 1]])),
        rng(0),
    )
    assert scores["modularity"] == pytest.approx(
        expected["modularity"], abs=0.02
    )
    assert (scores["modularity/mi_matrix"][:, 1] == 0).all()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_refusals():
    rng = np.random.default_rng(0)
    factors = rng.integers((3, 6), size=(19, 2))
    with pytest.raises(UsageError, match="19 points for num_bins = 20"):
        modularity(TableSampler(factors, factors), rng)
    with pytest.raises(UsageError, match="2 or more factors"):
        modularity(FunctionSampler((1, 6), lambda f: f), rng)
    with pytest.raises(UsageError, match="num_bins"):
        modularity(FunctionSampler((3, 6), lambda f: f), rng, num_bins=1)
    with pytest.raises(NotApplicable, match="modularity"):
        modularity(TableSampler(np.arange(40.0)[:, None]), rng)
