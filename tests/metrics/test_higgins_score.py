import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tfdisent.errors import UsageError
from tfdisent.metrics import higgins_score
from tfdisent.metrics.codes import FunctionSampler

NAMES = ("shape", "scale", "x", "y")
SIZES = (3, 6, 32, 32)
PAIRS, TRAIN, TEST = 16, 100, 60


def recorded_score(codes_of):
    """The score, and its pairs of factors and codes, [2, n, L, ...]."""
    factors, codes = [], []

    def recording(rows):
        factors.append(rows.reshape(2, -1, PAIRS, len(SIZES)))
        codes.append(codes_of(rows))
        return codes[-1]

    scores = higgins_score(
        FunctionSampler(SIZES, recording, NAMES),
        np.random.default_rng(0),
        num_pairs=PAIRS,
        num_train=TRAIN,
        num_test=TEST,
    )
    factors = np.concatenate(factors, axis=1)
    return (
        scores,
        factors,
        np.concatenate(codes).reshape(*factors.shape[:3], -1),
    )


def test_pairs_share_one_factor_whose_value_is_drawn_for_each_pair():
    _, (first, second), _ = recorded_score(lambda f: f)
    shared = (first == second).all(axis=1)  # [n, K]
    np.testing.assert_array_equal(shared.sum(axis=1), 1)
    assert len(first) == TRAIN + TEST
    values = np.stack(
        [f[:, k] for f, k in zip(first, shared.argmax(axis=1), strict=True)]
    )
    assert (np.ptp(values, axis=1) > 0).all()
    assert shared.any(axis=0).all()


def test_agrees_with_a_classifier_of_points_made_by_loops():
    mixing = np.random.default_rng(1).normal(size=(4, 6))
    scores, factors, codes = recorded_score(lambda f: f @ mixing)

    points, labels = [], []
    for n in range(TRAIN + TEST):
        differences = [
            abs(a - b) for a, b in zip(codes[0, n], codes[1, n], strict=True)
        ]
        points.append(sum(differences) / PAIRS)
        labels.append((factors[0, n] == factors[1, n]).all(axis=0).argmax())
    points, labels = np.array(points), np.array(labels)

    def accuracy(kept):
        train = np.flatnonzero(kept[:TRAIN])
        test = TRAIN + np.flatnonzero(kept[TRAIN:])
        center, scale = points[train].mean(axis=0), points[train].std(axis=0)
        scaled = (points - center) / scale
        classifier = LogisticRegression(
            solver="newton-cg", tol=1e-8, max_iter=10_000
        ).fit(scaled[train], labels[train])
        return classifier.score(scaled[test], labels[test])

    assert scores == {
        "higgins_score": pytest.approx(accuracy(labels >= 0)),
        "higgins_score_without_shape": pytest.approx(accuracy(labels > 0)),
    }
    assert 0.4 < scores["higgins_score"] < 1


@pytest.mark.parametrize(
    "without, keys",
    [
        (("colour",), {"higgins_score"}),
        ((), {"higgins_score"}),
        (
            ("y", "colour", "shape"),
            {"higgins_score", "higgins_score_without_shape_and_y"},
        ),
        (("shape", "x", "y"), {"higgins_score"}),
    ],
)
def test_second_score_is_given_where_it_is_defined(without, keys):
    scores = higgins_score(
        FunctionSampler(SIZES, lambda f: f, NAMES),
        np.random.default_rng(0),
        num_train=200,
        num_test=100,
        without=without,
    )
    assert set(scores) == keys
    assert set(scores.values()) == {1.0}


def test_memory_is_bounded_whatever_the_number_of_pairs():
    calls = []

    def codes_of(factors):
        calls.append(len(factors))
        return factors

    higgins_score(
        FunctionSampler(SIZES, codes_of, NAMES),
        np.random.default_rng(0),
        num_pairs=15_000,
        num_train=30,
        num_test=5,
    )
    assert max(calls) <= 20_000
    assert sum(calls) == 2 * 15_000 * 35


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_pairs": 0}, "num_pairs"),
        ({"num_train": 0}, "num_train"),
        ({"num_train": 1}, "drew 1 factors"),
        ({"num_test": 0}, "num_test"),
        ({"without": "shape"}, "list of factor names"),
    ],
)
def test_refuses_arguments(arguments, message):
    sampler = FunctionSampler(SIZES, lambda f: f, NAMES)
    with pytest.raises(UsageError, match=message):
        higgins_score(sampler, np.random.default_rng(0), **arguments)


def test_needs_two_factors_that_vary():
    with pytest.raises(UsageError, match="2 or more factors"):
        higgins_score(
            FunctionSampler((9, 1), lambda f: f), np.random.default_rng(0)
        )
