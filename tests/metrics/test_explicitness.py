import numpy as np
import pytest
from oracles import ORACLES, Copies, InOrder, noise, perfect, score
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.explicitness import explicitness
from tfdisent.metrics.samplers import TableSampler

SMALL = {"num_train": 1_000, "num_test": 500}

# Rotated and mixed codes: between the bounds below; the rest of the factors
# are read with an area of 1 or of 1/2. Shape, scale, orientation, x, y.
EXPECTED = {
    "perfect": (1, 1, 0.96, 0.97, 0.97),
    "perfect and noise": (1, 1, 0.92, 0.94, 0.94),
    "perfect and dead": (1, 1, 0.96, 0.97, 0.97),
    "duplicated": (1, 1, 0.96, 0.97, 0.97),
    "rotated": (1, 1, 0.96, 0.97, 0.97),
    "scale, x, y": (0.5, 1, 0.5, 0.97, 0.97),
    "x, y": (0.5, 0.5, 0.5, 0.97, 0.97),
    "noise": (0.5, 0.5, 0.5, 0.5, 0.5),
    "constant": (0.5, 0.5, 0.5, 0.5, 0.5),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", EXPECTED)
def test_oracles(oracle):
    scores = score(explicitness, ORACLES[oracle], num_train=3_000)
    mean = scores.pop("explicitness")
    assert scores.pop("explicitness/rescaled") == 2 * (mean - 0.5)
    areas = list(scores.values())
    assert areas == pytest.approx(EXPECTED[oracle], abs=0.03)
    assert mean == pytest.approx(np.mean(areas))


def slow_area(train, test, size):
    """Area under the curve of a softmax regression, by pairs of points."""
    (codes, labels), (new, truth) = train, test
    center, scale = codes.mean(axis=0), codes.std(axis=0)
    inputs, new = (
        np.hstack([(z - center) / scale, np.ones((len(z), 1))])
        for z in (codes, new)
    )

    def loss(flat):
        weights = flat.reshape(-1, size)
        log_p = log_softmax(inputs @ weights, axis=1)
        penalty = (weights[:-1] ** 2).sum() / 2
        return penalty - log_p[np.arange(len(labels)), labels].sum()

    start = np.zeros(inputs.shape[1] * size)
    weights = minimize(loss, start, options={"gtol": 1e-4}).x.reshape(-1, size)
    p = softmax(new @ weights, axis=1)
    areas = []
    for v in range(size):
        wins = [
            (a > b) + (a == b) / 2
            for a in p[truth == v, v]
            for b in p[truth != v, v]
        ]
        areas.append(np.mean(wins))
    return np.mean(areas)


def test_agrees_with_a_slow_area_of_another_optimiser():
    rng = np.random.default_rng(0)
    factors = rng.integers((3, 4), size=(150, 2))
    codes = factors @ rng.normal(size=(2, 3)) + rng.normal(size=(150, 3))

    scores = explicitness(
        InOrder(codes, factors),
        np.random.default_rng(0),
        num_train=100,
        num_test=50,
    )
    for k, size in enumerate((3, 4)):
        expected = slow_area(
            (codes[:100], factors[:100, k]),
            (codes[100:], factors[100:, k]),
            size,
        )
        assert scores[f"explicitness/factor_{k}"] == pytest.approx(
            expected, abs=1e-3
        )


def test_scale_and_shift_of_codes_do_not_matter():
    plain = score(explicitness, perfect, **SMALL)
    moved = score(explicitness, lambda f: 5 - 1e-3 * perfect(f), **SMALL)
    assert plain == pytest.approx(moved, abs=1e-4)


@pytest.mark.parametrize(
    "codes_of",
    [
        lambda f: perfect(f) * 1e-9,
        lambda f: np.hstack([perfect(f), np.full_like(f, 3)]),
        lambda f: perfect(f)[:, :1],
        lambda f: np.zeros((len(f), 1)),
    ],
    ids=["collapsed", "dead", "single", "single constant"],
)
def test_degenerate_codes_warn(codes_of):
    with pytest.warns(UserWarning, match="explicitness"):
        scores = score(explicitness, codes_of, **SMALL)
    assert all(0 <= v <= 1 for v in scores.values())


@pytest.mark.parametrize("seed", range(6))
def test_value_that_is_in_one_part_is_left_out(seed):
    kinds = np.array([0] + [1, 2] * 10)  # the 0 is for training or for test
    sampler = TableSampler(np.eye(3)[kinds], kinds[:, None], ("kind",))
    with pytest.warns(UserWarning, match="are left out: kind"):
        scores = explicitness(
            sampler, np.random.default_rng(seed), num_train=11, num_test=10
        )
    assert scores["explicitness/kind"] == 1


def test_factor_that_is_fixed_in_one_part_is_left_out():
    factors = np.stack([np.arange(20) % 2, np.arange(20) == 0], axis=1)
    sampler = TableSampler(factors - 0.5, factors, ("odd", "first"))
    with pytest.warns(UserWarning, match="too few values.*: first"):
        scores = explicitness(
            sampler, np.random.default_rng(0), num_train=10, num_test=10
        )
    assert set(scores) == {
        "explicitness",
        "explicitness/rescaled",
        "explicitness/odd",
    }


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_too_few_rows_are_refused():
    factors = np.arange(4)[:, None]
    with pytest.raises(UsageError, match="no factor with two values"):
        explicitness(
            TableSampler(factors * 1.0, factors), np.random.default_rng(0)
        )


def test_factor_with_one_value_is_left_out():
    sampler = Copies((3, 1), lambda f: f)
    with pytest.warns(UserWarning, match="one value: factor_1"):
        scores = explicitness(sampler, np.random.default_rng(0), **SMALL)
    assert scores["explicitness"] == 1


def test_needs_factors():
    with pytest.raises(NotApplicable, match="explicitness needs the factors"):
        explicitness(TableSampler(np.eye(9)), np.random.default_rng(0))


@pytest.mark.parametrize("option", ["num_train", "num_test"])
@pytest.mark.parametrize("value", [1, 2.5])
def test_refuses_options(option, value):
    with pytest.raises(UsageError, match=option):
        score(explicitness, noise, **{option: value})
