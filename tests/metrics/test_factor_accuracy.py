import numpy as np
import pytest
from oracles import (
    NAMES,
    ORACLES,
    SIZES,
    Copies,
    InOrder,
    noise,
    perfect,
    rotated,
    score,
)
from sklearn.linear_model import LogisticRegression

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.factor_accuracy import factor_accuracy
from tfdisent.metrics.samplers import TableSampler

SMALL = {"num_train": 1_000, "num_test": 500}
CHANCE = np.divide(1, SIZES)

# Which of shape, scale, orientation, x and y are read without error when
# there is no regularisation; the others by chance. With C = 1 many values of
# one code are mixed up: bounds of the mean.
EXPECTED = {
    "perfect": ((1, 1, 1, 1, 1), 0.5, 0.7),
    "perfect and noise": ((1, 1, 1, 1, 1), 0.5, 0.65),
    "perfect and dead": ((1, 1, 1, 1, 1), 0.5, 0.7),
    "duplicated": ((1, 1, 1, 1, 1), 0.5, 0.75),
    "rotated": ((1, 1, 1, 1, 1), 0.5, 0.7),
    "scale, x, y": ((0, 1, 0, 1, 1), 0.35, 0.5),
    "x, y": ((0, 0, 0, 1, 1), 0.2, 0.35),
    "noise": ((0, 0, 0, 0, 0), 0.09, 0.14),
    "constant": ((0, 0, 0, 0, 0), 0.09, 0.14),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", EXPECTED)
def test_oracles(oracle):
    read, low, high = EXPECTED[oracle]
    scores = score(
        factor_accuracy, ORACLES[oracle], num_train=2_000, num_test=1_000
    )
    for k, name in enumerate(NAMES):
        free = scores[f"factor_accuracy/unregularized/{name}"]
        expected = 1 if read[k] else CHANCE[k]
        assert free == pytest.approx(expected, abs=0.06)
    assert low < scores["factor_accuracy"] < high
    assert scores["factor_accuracy/chance"] == pytest.approx(
        CHANCE.mean(), abs=0.03
    )
    for part in ("factor_accuracy", "factor_accuracy/unregularized"):
        mean = np.mean([scores[f"{part}/{name}"] for name in NAMES])
        assert scores[part] == pytest.approx(mean)
    assert len(scores) == 3 + 2 * len(NAMES)


def test_agrees_with_another_optimiser():
    rng = np.random.default_rng(0)
    factors = rng.integers((2, 4), size=(500, 2))
    codes = factors @ rng.normal(size=(2, 3)) + rng.normal(size=(500, 3))
    scores = factor_accuracy(
        InOrder(codes, factors), rng, num_train=300, num_test=200
    )
    scaled = (codes - codes[:300].mean(axis=0)) / codes[:300].std(axis=0)
    for k in range(2):
        seen, truth = factors[:300, k], factors[300:, k]
        for c, part in ((1.0, ""), (1e4, "unregularized/")):
            model = LogisticRegression(
                C=c, solver="newton-cholesky", tol=1e-8, max_iter=1_000
            ).fit(scaled[:300], seen)
            hits = model.predict(scaled[300:]) == truth
            assert scores[f"factor_accuracy/{part}factor_{k}"] == (
                pytest.approx(hits.mean(), abs=0.006)
            )
    assert 0.3 < scores["factor_accuracy/factor_1"] < 0.95


def test_chance_is_that_of_the_most_frequent_training_value():
    factors = np.array([0, 1, 1, 2, 1, 0, 1, 1, 2, 0])[:, None]
    sampler = InOrder(np.zeros((10, 1)), factors)
    with pytest.warns(UserWarning, match="collapsed"):
        scores = factor_accuracy(
            sampler, np.random.default_rng(0), num_train=5, num_test=5
        )
    assert scores["factor_accuracy/chance"] == 0.4
    assert scores["factor_accuracy"] == 0.4


def test_regularisation_is_the_difference():
    scores = score(factor_accuracy, perfect, **SMALL)
    assert scores["factor_accuracy/unregularized"] > 0.95
    assert scores["factor_accuracy"] < 0.7


def test_latents_in_another_order_scale_and_place_score_the_same():
    def moved(factors):
        return 7 - rotated(factors)[:, ::-1] * [4, 1, 0.5, 2, 1e-3]

    assert score(factor_accuracy, moved, **SMALL) == pytest.approx(
        score(factor_accuracy, rotated, **SMALL), abs=0.02
    )


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
    with pytest.warns(UserWarning, match="factor_accuracy"):
        scores = score(factor_accuracy, codes_of, **SMALL)
    assert all(0 <= v <= 1 for v in scores.values())


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_values_that_are_missing_from_training_are_never_named():
    # Fewer rows than values, and a part with a single value.
    sampler = InOrder(np.eye(4), np.array([[0, 0], [0, 1], [0, 2], [1, 1]]))
    scores = factor_accuracy(
        sampler, np.random.default_rng(0), num_train=3, num_test=1
    )
    assert scores["factor_accuracy/factor_0"] == 0
    assert all(0 <= v <= 1 for v in scores.values())


def test_factor_with_one_value_is_left_out():
    sampler = Copies((3, 1), lambda f: f[:, :1])
    with pytest.warns(UserWarning, match="one value: factor_1"):
        scores = factor_accuracy(sampler, np.random.default_rng(0), **SMALL)
    assert scores["factor_accuracy"] == 1
    assert "factor_accuracy/factor_1" not in scores


def test_needs_factors():
    with pytest.raises(NotApplicable, match="factor_accuracy needs the"):
        factor_accuracy(TableSampler(np.eye(9)), np.random.default_rng(0))


@pytest.mark.parametrize("option", ["num_train", "num_test"])
@pytest.mark.parametrize("value", [0, 2.5])
def test_refuses_options(option, value):
    with pytest.raises(UsageError, match=option):
        score(factor_accuracy, noise, **{option: value})
