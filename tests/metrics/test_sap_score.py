import warnings

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
from sklearn.svm import LinearSVC

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.samplers import TableSampler
from tfdisent.metrics.sap_score import sap_correlation, sap_svm

# Of perfect codes, 2,000 points and 10,000 score 0.177 and 0.245.
SMALL = {"num_train": 2_000, "num_test": 1_000}
METRICS = {
    "sap_svm": (sap_svm, SMALL),
    "sap_correlation": (sap_correlation, {}),
}
both = pytest.mark.parametrize("name", METRICS)

SVM = {
    "perfect": (0.177, 0.015),
    "perfect and noise": (0.172, 0.024),
    "perfect and dead": (0.177, 0.015),
    "duplicated": (0.0, 0.0),
    "rotated": (0.032, 0.015),
    "scale, x, y": (0.05, 0.024),
    "x, y": (0.018, 0.018),
    "noise": (0.005, 0.01),
    "constant": (0.0, 0.0),
}
CORRELATION = {
    "perfect": (1.0, 0.001),
    "perfect and noise": (1.0, 0.001),
    "perfect and dead": (1.0, 0.001),
    "duplicated": (0.0, 1e-9),
    "rotated": (0.263, 0.016),
    "scale, x, y": (0.6, 0.001),
    "x, y": (0.4, 0.001),
    "noise": (0.0, 0.001),
    "constant": (0.0, 0.0),
}


def measure(name, codes_of, seed=0):
    metric, options = METRICS[name]
    return score(metric, codes_of, seed, **options)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", ORACLES)
@pytest.mark.parametrize(
    "name, table", [("sap_svm", SVM), ("sap_correlation", CORRELATION)]
)
def test_oracle(name, table, oracle):
    expected, tolerance = table[oracle]
    scores = measure(name, ORACLES[oracle])
    assert scores[name] == pytest.approx(expected, abs=tolerance)
    assert type(scores[name]) is float
    assert set(scores) == {name, f"{name}/matrix"}


def test_perfect_codes_score_a_quarter_with_the_points_of_the_study():
    """For an SVM of one number tells the ends of a factor, and few more."""
    scores = score(sap_svm, perfect)
    assert scores["sap_svm"] == pytest.approx(0.245, abs=0.004)
    matrix = scores["sap_svm/matrix"]
    np.testing.assert_allclose(np.diag(matrix)[:2], [1, 4 / 6], atol=0.02)


def recorded(metric, **options):
    """Scores, and the factors and codes that were drawn."""
    seen = []

    def codes_of(factors):
        seen.append((factors, rotated(factors)[:, :4]))
        return seen[-1][1]

    return score(metric, codes_of, **options), *seen[0]


def slow_gap(matrix):
    gaps = []
    for column in matrix.T:
        first, second = sorted(column, reverse=True)[:2]
        gaps.append(first - second)
    return sum(gaps) / len(gaps)


def test_svm_agrees_with_the_dual_problem():
    scores, factors, codes = recorded(sap_svm, num_train=600, num_test=500)
    matrix = np.zeros((4, 5))
    for j, k in np.ndindex(4, 5):
        machine = LinearSVC(
            C=0.01,
            class_weight="balanced",
            dual=True,
            tol=1e-6,
            max_iter=100_000,
            random_state=0,
        ).fit(codes[:600, j : j + 1], factors[:600, k])
        predicted = machine.predict(codes[600:, j : j + 1])
        matrix[j, k] = (predicted == factors[600:, k]).mean()
    np.testing.assert_allclose(scores["sap_svm/matrix"], matrix, atol=0.005)
    assert scores["sap_svm"] == pytest.approx(slow_gap(matrix), abs=0.005)


def test_correlation_agrees_with_slow_loops():
    scores, factors, codes = recorded(sap_correlation, num_points=300)
    matrix = np.array(
        [[np.corrcoef(z, v)[0, 1] ** 2 for v in factors.T] for z in codes.T]
    )
    np.testing.assert_allclose(scores["sap_correlation/matrix"], matrix)
    assert scores["sap_correlation"] == pytest.approx(slow_gap(matrix))


def test_scale_matters_to_the_svm_alone():
    def shrunk(factors):
        return perfect(factors) / 1_000

    with pytest.warns(UserWarning, match="collapsed"):
        assert measure("sap_svm", shrunk)["sap_svm"] < 0.01
    with pytest.warns(UserWarning, match="collapsed"):
        value = measure("sap_correlation", shrunk)["sap_correlation"]
    assert value == pytest.approx(1, abs=0.001)


def test_sign_does_not_matter():
    for name in METRICS:
        flipped = measure(name, lambda f: -rotated(f))
        assert flipped[name] == pytest.approx(
            measure(name, rotated)[name], abs=0.003
        )


def test_constant_codes_score_chance_by_svm_and_nothing_by_correlation():
    codes_of = ORACLES["perfect and dead"]
    with pytest.warns(UserWarning, match="sap_svm: 10 of 15"):
        matrix = measure("sap_svm", codes_of)["sap_svm/matrix"]
    np.testing.assert_allclose(
        matrix[5:].mean(axis=0), 1 / np.array(SIZES), 0.5
    )
    with pytest.warns(UserWarning, match="sap_correlation: 10 of 15"):
        matrix = measure("sap_correlation", codes_of)["sap_correlation/matrix"]
    assert (matrix[5:] == 0).all()


def test_float_noise_on_a_constant_is_constant():
    def codes_of(factors):
        codes = np.full((len(factors), 2), 0.1, np.float32)
        codes[:, 1] = np.nextafter(codes[:, 1], codes[:, 1] + factors[:, 0])
        return codes

    with pytest.warns(UserWarning, match="collapsed"):
        assert measure("sap_correlation", codes_of)["sap_correlation"] == 0


@both
def test_single_latent_is_compared_with_nothing(name):
    with pytest.warns(UserWarning, match=f"{name}: there is a single latent"):
        scores = measure(name, lambda f: perfect(f)[:, :1])
    matrix = scores[f"{name}/matrix"]
    assert matrix.shape == (1, 5)
    assert scores[name] == pytest.approx(matrix.mean())
    assert matrix[0, 0] == pytest.approx(1)


@both
def test_factor_with_one_value_is_left_out(name):
    metric, options = METRICS[name]
    sampler = Copies((3, 1, 2), lambda f: f[:, [0, 2]] - [1.0, 0.5], "abc")
    with pytest.warns(UserWarning, match="one value: b"):
        scores = metric(sampler, np.random.default_rng(0), **options)
    matrix = scores[f"{name}/matrix"]
    assert matrix.shape == (2, 3)
    assert (matrix[:, 1] == 0).all()
    assert scores[name] == pytest.approx(slow_gap(matrix[:, [0, 2]]))


@both
def test_table_of_few_rows(name):
    rng = np.random.default_rng(0)
    factors = np.arange(12)[:, None] // [1, 4]  # some only to test on
    sampler = TableSampler(rng.normal(size=(12, 3)), factors)
    metric, _ = METRICS[name]
    with pytest.warns(UserWarning) as caught:
        scores = metric(sampler, np.random.default_rng(0))
    assert 0 <= scores[name] <= 1
    assert ["There are 12 rows" in str(w.message) for w in caught] == [True]


@both
def test_refuses_what_cannot_be_measured(name):
    metric, _ = METRICS[name]
    codes = np.random.default_rng(0).normal(size=(50, 2))
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning), pytest.raises(NotApplicable, match=name):
        metric(TableSampler(codes), rng)
    with pytest.warns(UserWarning), pytest.raises(UsageError, match="1 or mor"):
        metric(TableSampler(codes, np.zeros((50, 2), np.int64)), rng)
    for option in METRICS[name][1] or ["num_points"]:
        with pytest.raises(UsageError, match=option):
            metric(TableSampler(codes), rng, **{option: 0})


@both
def test_sound_codes_give_no_warning_and_the_same_score_again(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, again = measure(name, rotated), measure(name, rotated)
    assert first[name] == again[name]
    assert first[name] != measure(name, rotated, seed=1)[name]


def test_names_of_factors_are_columns():
    matrix = measure("sap_correlation", noise)["sap_correlation/matrix"]
    assert matrix.shape == (10, len(NAMES))


def test_svm_of_one_training_value_names_it():
    n = np.arange(20)
    factors = np.stack([n % 2, n >= 17], axis=1).astype(int)
    codes = np.random.default_rng(0).normal(size=(20, 3))
    sampler = InOrder(codes, factors, "ab")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # b is not left out
        scores = sap_svm(
            sampler, np.random.default_rng(0), num_train=10, num_test=10
        )
    matrix = scores["sap_svm/matrix"]
    np.testing.assert_array_equal(matrix[:, 1], 0.7)
    assert scores["sap_svm"] == pytest.approx(slow_gap(matrix))
