import itertools
import re
import warnings

import numpy as np
import pytest
from oracles import ORACLES, score
from sklearn.linear_model import LogisticRegression

from tfdisent.errors import UsageError
from tfdisent.metrics import higgins_score
from tfdisent.metrics.higgins_classifiers import CLASSIFIERS
from tfdisent.metrics.samplers import FunctionSampler, Rows, TableSampler

NAMES = ("shape", "scale", "x", "y")
SIZES = (3, 6, 32, 32)
PAIRS, TRAIN, TEST = 16, 100, 60


def recorded_score(codes_of):
    """The score, and its pairs of factors and codes, [2, n, L, ...]."""
    factors, codes, looked_at = [], [], []

    def recording(rows):
        if not looked_at:
            looked_at.append(rows)
            return codes_of(rows)
        factors.append(rows.reshape(2, -1, PAIRS, len(SIZES)))
        found = codes_of(rows)
        codes.append(found.reshape(*factors[-1].shape[:3], -1))
        return found

    scores = higgins_score(
        FunctionSampler(SIZES, recording, NAMES),
        np.random.default_rng(0),
        num_pairs=PAIRS,
        num_train=TRAIN,
        num_test=TEST,
    )
    return (
        scores,
        np.concatenate(factors, axis=1),
        np.concatenate(codes, axis=1),
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
    assert sum(calls) == 1_000 + 2 * 15_000 * 35


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_pairs": 0}, "num_pairs"),
        ({"num_train": 0}, "num_train"),
        ({"num_train": 1}, "drew 1 factors"),
        ({"num_test": 0}, "num_test"),
        ({"without": "shape"}, "list of factor names"),
        ({"repeats": 0}, "repeats"),
        ({"classifier": "svm"}, "logistic, linear, mlp, forest"),
        ({"classifier": "mlp", "num_train": 40}, "the mlp needs 10"),
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


# With five factors and, without shape, four; tolerances are 4 standard
# deviations of a draw of 1,000 and 500 points.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "oracle, five, four, tolerance",
    [
        ("perfect", 1, 1, 0.002),
        ("perfect and noise", 1, 1, 0.002),
        ("perfect and dead", 1, 1, 0.002),
        ("duplicated", 1, 1, 0.002),
        ("rotated", 0.94, 0.96, 0.05),
        ("scale, x, y", 0.79, 1, 0.08),
        ("x, y", 0.6, 0.75, 0.09),
        ("noise", 0.2, 0.25, 0.11),
        ("constant", 0.2, 0.25, 0.11),
    ],
)
def test_oracles(oracle, five, four, tolerance):
    assert score(higgins_score, ORACLES[oracle]) == {
        "higgins_score": pytest.approx(five, abs=tolerance),
        "higgins_score_without_shape": pytest.approx(four, abs=tolerance),
    }


def test_more_pairs_make_mixed_codes_easier():
    scores = [
        score(higgins_score, ORACLES["rotated"], num_pairs=num_pairs)
        for num_pairs in (1, 5, 16, 64, 128, 256)
    ]
    five = [s["higgins_score"] for s in scores]
    assert all(b > a + 0.005 for a, b in itertools.pairwise(five))
    assert five[0] < 0.4 and five[-1] > 0.99


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_knows_perfect_codes_from_mixed_ones(classifier):
    options = {"classifier": classifier, "num_pairs": 16}
    perfect, mixed, again = (
        score(higgins_score, ORACLES[oracle], **options)["higgins_score"]
        for oracle in ("perfect", "rotated", "rotated")
    )
    assert perfect > 0.98
    assert 0.65 < mixed == again < 0.8


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("scale", [0, 1e-9, 1e20])
def test_every_classifier_stands_every_scale(classifier, standardize, scale):
    options = {
        "classifier": classifier,
        "standardize": standardize,
        "num_pairs": 4,
        "num_train": 80,
        "num_test": 40,
        "without": (),
    }
    sampler = FunctionSampler(SIZES, lambda f: f * scale)
    scores = higgins_score(sampler, np.random.default_rng(0), **options)
    assert 0 <= scores["higgins_score"] <= 1
    if standardize and scale:
        assert scores["higgins_score"] > 0.9


def test_scale_matters_to_features_that_are_not_standardised():
    def codes_of(factors):
        return ORACLES["perfect"](factors) * 1e-4

    with pytest.warns(UserWarning, match="collapsed"):
        raw = score(higgins_score, codes_of, standardize=False)
    with pytest.warns(UserWarning, match="collapsed"):
        standardised = score(higgins_score, codes_of)
    assert raw["higgins_score"] < 0.9 < standardised["higgins_score"]


def test_statistics_of_repeats():
    options = {"num_train": 60, "num_test": 40, "num_pairs": 4}
    sampler = FunctionSampler(SIZES, lambda f: f[:, :2], NAMES)

    def scores_of(repeats):
        rng = np.random.default_rng(0)
        return higgins_score(sampler, rng, repeats=repeats, **options)

    # The mean of r draws gives the r-th, since they share their beginning.
    means = [scores_of(r)["higgins_score"] for r in (1, 2, 3)]
    draws = np.diff([0, *(r * m for r, m in enumerate(means, 1))])
    assert np.ptp(draws) > 0
    scores = scores_of(3)
    assert set(scores_of(1)) == {
        "higgins_score",
        "higgins_score_without_shape",
    }
    for key in scores_of(1):
        assert {f"{key}/best_half", f"{key}/sd"} < set(scores)
    better = np.sort(draws)[1:].mean()
    assert scores["higgins_score/best_half"] == pytest.approx(better)
    assert scores["higgins_score/sd"] == pytest.approx(draws.std(ddof=1))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_noise_in_a_table_of_few_rows_scores_chance():
    """Over 10 tables: 0.25, give or take 0.025; 0.48 where parts share rows."""

    def value(seed):
        rng = np.random.default_rng(seed)
        factors = rng.integers((3, 6, 10, 8), size=(100, 4))
        table = TableSampler(rng.normal(size=(100, 10)), factors)
        return higgins_score(table, rng)["higgins_score"]

    mean = np.mean([value(seed) for seed in range(10)])
    assert mean == pytest.approx(0.25, abs=0.08)


def test_a_row_of_a_table_is_never_beside_itself(monkeypatch):
    pairs, codes_of = [], Rows.codes

    def recording(rows, points):
        pairs.append(points.reshape(2, -1))
        return codes_of(rows, points)

    monkeypatch.setattr(Rows, "codes", recording)
    factors = np.arange(100)[:, None] // [1, 5] % 5
    table = TableSampler(factors * 1.0, factors)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "higgins_score")
        warnings.filterwarnings("ignore", "There are 100 rows")
        higgins_score(table, np.random.default_rng(0), num_pairs=PAIRS)
    first, second = np.concatenate(pairs, axis=1)
    assert len(first) == 1_500 * PAIRS
    assert (first != second).all()


def test_pairs_of_one_row_twice_are_warned_of():
    """Each row has a value of its own of the one factor of two."""
    rng = np.random.default_rng(0)
    factors = np.stack([np.arange(60), np.arange(60) % 2], axis=1)
    codes = rng.normal(size=(60, 6))
    with pytest.warns(UserWarning, match="are one row twice, s") as caught:
        scores = higgins_score(TableSampler(codes, factors), rng)
    assert 0 <= scores["higgins_score"] <= 1
    said = [str(w.message) for w in caught]
    [share] = re.findall(r"higgins_score: (\d+)% of", " ".join(said))
    assert int(share) == pytest.approx(50, abs=5)

    factors = rng.integers(9, size=(1_000, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        higgins_score(TableSampler(rng.normal(size=(1_000, 6)), factors), rng)
