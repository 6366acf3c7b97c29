import math
import warnings

import numpy as np
import pytest
from oracles import ORACLES, Copies, InOrder, perfect, rotated, score
from sklearn.ensemble import GradientBoostingClassifier

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.dci import IMPORTANCES, dci
from tfdisent.metrics.samplers import FunctionSampler, TableSampler

SMALL = {"num_train": 1_500, "num_test": 1_000}
every_kind = pytest.mark.parametrize("kind", IMPORTANCES)

# Disentanglement, completeness. Of three of five factors the importances of
# the two others are noise; of noise all are. A code and its duplicate share
# the importance of a factor: log 2 / log 10 is lost.
FOREST = {
    "perfect": (1.0, 1.0),
    "perfect and noise": (1.0, 1.0),
    "perfect and dead": (1.0, 1.0),
    "duplicated": (1.0, 1 - math.log(2) / math.log(10)),
    "rotated": (0.07, 0.07),
    "scale, x, y": (0.41, 0.61),
    "x, y": (0.17, 0.40),
    "noise": (0.01, 0.01),
    "constant": (0.0, 0.0),
}
LASSO = {
    "perfect": (1.0, 1.0),
    "perfect and noise": (0.99, 0.99),
    "perfect and dead": (1.0, 1.0),
    "duplicated": (1.0, 1.0),
    "rotated": (0.19, 0.19),
    "scale, x, y": (0.98, 0.98),
    "x, y": (0.95, 0.97),
    "constant": (0.0, 0.0),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "kind, oracle, expected",
    [("forest", *row) for row in FOREST.items()]
    + [("lasso", *row) for row in LASSO.items()],
)
def test_oracle(kind, oracle, expected):
    scores = score(dci, ORACLES[oracle], importances=kind, **SMALL)
    assert scores["dci"] == scores[f"dci/{kind}_disentanglement"]
    found = scores["dci"], scores[f"dci/{kind}_completeness"]
    assert found == pytest.approx(expected, abs=0.04)


def slow_disentanglement(matrix):
    """Weighted mean over rows, by loops."""
    value = 0.0
    for row in matrix:
        if sum(row) > 0:
            p = [entry / sum(row) for entry in row]
            entropy = -sum(q * math.log(q, len(row)) for q in p if q > 0)
            value += sum(row) / matrix.sum() * (1 - entropy)
    return value


@every_kind
def test_scores_are_those_of_the_importances(kind):
    mixing = np.array([[1, 0.5, 0.2], [0.3, 1, 1]])
    noise = np.random.default_rng(1).normal(size=(300, 3))
    sampler = Copies((3, 4), lambda f: f @ mixing + noise)
    scores = dci(
        sampler,
        np.random.default_rng(0),
        importances=kind,
        num_train=200,
        num_test=100,
    )
    matrix = scores[f"dci/{kind}_importance_matrix"]
    assert matrix.shape == (3, 2)
    value = slow_disentanglement(matrix)
    assert 0.05 < value < 0.95
    assert scores["dci"] == pytest.approx(value)
    completeness = slow_disentanglement(matrix.T)
    assert scores[f"dci/{kind}_completeness"] == pytest.approx(completeness)


def recorded(codes_of, **options):
    seen = []

    def recording(factors):
        seen.append((factors, codes_of(factors)))
        return seen[-1][1]

    sampler = Copies((3, 4), recording)
    return dci(sampler, np.random.default_rng(0), **options), *seen[0]


def test_boosted_trees_are_those_of_the_study():
    mixing = np.random.default_rng(1).normal(size=(2, 3))
    scores, factors, codes = recorded(
        lambda f: f @ mixing + np.sin(5 * f[:, :1]),
        importances="boosted",
        num_train=150,
        num_test=50,
    )
    train, test = [], []
    for k in range(2):
        model = GradientBoostingClassifier(random_state=0)
        model.fit(codes[:150], factors[:150, k])
        train.append(model.score(codes[:150], factors[:150, k]))
        test.append(model.score(codes[150:], factors[150:, k]))
        np.testing.assert_allclose(
            scores["dci/boosted_importance_matrix"][:, k],
            model.feature_importances_,
            atol=0.06,
        )
    for part, values in (("train", train), ("test", test)):
        found = scores[f"dci/boosted_informativeness_{part}"]
        assert found == pytest.approx(np.mean(values), abs=0.03)


def test_lasso_of_a_single_latent_is_the_correlation_less_alpha():
    with pytest.warns(UserWarning, match="single latent"):
        scores, factors, codes = recorded(
            lambda f: f.sum(axis=1, keepdims=True) * 100.0,
            importances="lasso",
            num_train=400,
            num_test=300,
        )
    both = np.concatenate([factors, codes], axis=1)
    expected = np.corrcoef(both[:400].T)[2, :2] - 0.02
    matrix = scores["dci/lasso_importance_matrix"]
    np.testing.assert_allclose(matrix[0], expected, atol=1e-5)
    # The variance that remains is 1 - 2 b r + b^2.
    r = expected + 0.02
    squared = 1 - (1 - 2 * expected * r + expected**2)
    train = scores["dci/lasso_informativeness_train"]
    assert train == pytest.approx(squared.mean(), abs=1e-5)
    test = scores["dci/lasso_informativeness_test"]
    assert test == pytest.approx(train, abs=0.1)
    assert scores["dci/lasso_completeness"] == 1


@every_kind
def test_number_of_cores_changes_nothing(kind, monkeypatch):
    def scores():
        sampler = Copies((3, 4), lambda f: f @ [[1, 0.5], [0.3, 1]])
        return dci(
            sampler,
            np.random.default_rng(0),
            importances=kind,
            num_train=100,
            num_test=100,
        )

    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    alone = scores()
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "4")
    together = scores()
    for key, value in alone.items():
        np.testing.assert_array_equal(together[key], value)


def test_sound_codes_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in ("forest", "lasso"):
            score(dci, rotated, importances=kind, **SMALL)


def test_factor_with_one_value_is_left_out():
    sampler = Copies((3, 1, 6), lambda f: f[:, [0, 2]], "abc")
    with pytest.warns(UserWarning, match="one value: b"):
        scores = dci(sampler, np.random.default_rng(0), **SMALL)
    np.testing.assert_allclose(
        scores["dci/forest_importance_matrix"], [[1, 0, 0], [0, 0, 1]]
    )
    assert scores["dci"] == pytest.approx(1)


@every_kind
def test_degenerate_codes(kind):
    def measure(codes_of):
        sampler = Copies((3, 4), codes_of)
        rng = np.random.default_rng(0)
        return dci(sampler, rng, importances=kind, num_train=200, num_test=100)

    with pytest.warns(UserWarning, match="dci: all 3 latents"):
        scores = measure(lambda f: np.full((len(f), 3), 0.1, np.float32))
    assert scores["dci"] == scores[f"dci/{kind}_completeness"] == 0
    with pytest.warns(UserWarning, match="dci: all 2 latents"):
        scores = measure(lambda f: (f - 1.0) * 1e-9)
    assert scores["dci"] > 0.8


@every_kind
def test_table_of_few_rows(kind):
    rng = np.random.default_rng(0)
    factors = np.arange(12)[:, None] // [1, 4]  # some only to test on
    table = TableSampler(rng.normal(size=(12, 3)), factors)
    with pytest.warns(UserWarning) as caught:
        scores = dci(table, np.random.default_rng(0), importances=kind)
    assert all(np.isfinite(value).all() for value in scores.values())
    assert ["There are 12 rows" in str(w.message) for w in caught] == [True]


def test_test_points_of_one_value_have_no_variance_to_explain():
    factors = np.array([[0, 1], [1, 0], [0, 0], [1, 1]])
    table = TableSampler(factors + 0.0, factors)
    scores = dci(
        table,
        np.random.default_rng(0),
        importances="lasso",
        num_train=3,
        num_test=1,
    )
    assert scores["dci/lasso_informativeness_test"] == 0


@pytest.mark.parametrize(
    "options",
    [{"importances": "gini"}, {"num_train": 0}, {"num_test": 1.5}],
)
def test_refuses_options(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        score(dci, perfect, **options)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_refuses_what_cannot_be_measured():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(50, 2))
    with pytest.raises(NotApplicable, match="dci"):
        dci(TableSampler(codes), rng)
    with pytest.raises(UsageError, match="2 or more factors"):
        dci(TableSampler(codes, np.arange(50)[:, None]), rng)


@pytest.mark.filterwarnings("ignore::UserWarning")
@every_kind
def test_noise_learnt_by_heart_does_not_count(kind):
    noise = np.random.default_rng(5).normal(size=(3, 4, 5, 10))
    sampler = FunctionSampler((3, 4, 5), lambda f: noise[tuple(f.T)])
    scores = [
        dci(sampler, np.random.default_rng(seed), importances=kind)
        for seed in range(4)
    ]
    train, test = (
        np.mean([s[f"dci/{kind}_informativeness_{part}"] for s in scores])
        for part in ("train", "test")
    )
    if kind == "lasso":
        assert test < 0 < 0.2 < train
    else:
        chance = (1 / 3 + 1 / 4 + 1 / 5) / 3
        assert test == pytest.approx(chance, abs=0.1) and train > 0.9


@every_kind
def test_factor_with_one_training_value_counts(kind):
    n = np.arange(20)
    factors = np.stack([n % 2, n // 2 % 2, n == 15], axis=1).astype(int)
    sampler = InOrder(factors[:, :2] * 1.0, factors, "abc")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # c is not left out
        scores = dci(
            sampler,
            np.random.default_rng(0),
            importances=kind,
            num_train=10,
            num_test=10,
        )
    matrix = scores[f"dci/{kind}_importance_matrix"]
    assert (matrix[:, 2] == 0).all() and (matrix[:, :2].sum(axis=0) > 0).all()
    # Trees name the value, right of 9 in 10; the lasso explains no variance.
    train, test = (0, 0) if kind == "lasso" else (1, 0.9)
    found = [
        scores[f"dci/{kind}_informativeness_{part}"]
        for part in ("train", "test")
    ]
    expected = [(2 + train) / 3, (2 + test) / 3]
    assert found == pytest.approx(expected, abs=0.01)
