import warnings

import numpy as np
import pytest
from oracles import ORACLES, SIZES, perfect, rotated, score

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.samplers import FunctionSampler, TableSampler
from tfdisent.metrics.unfairness import unfairness

SMALL = {"num_train": 1_000, "num_test": 50}

# The codes called noise are drawn anew for each image, so that 50 predictions
# for each value differ by chance.
EXPECTED = {
    "perfect": (0.0, 0.0),
    "perfect and noise": (0.0, 0.01),
    "perfect and dead": (0.0, 0.0),
    "duplicated": (0.0, 0.0),
    "rotated": (0.15, 0.05),
    "scale, x, y": (0.1, 0.05),
    "x, y": (0.11, 0.05),
    "noise": (0.21, 0.06),
    "constant": (0.0, 0.0),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", ORACLES)
def test_oracle(oracle):
    expected, tolerance = EXPECTED[oracle]
    scores = score(unfairness, ORACLES[oracle], **SMALL)
    assert scores["unfairness"] == pytest.approx(expected, abs=tolerance)
    assert type(scores["unfairness"]) is float


def product(factors):
    """Says of two bits whether both are 1; a third latent is a third bit."""
    return np.stack([factors[:, 0] * factors[:, 1], factors[:, 2]], axis=1)


def test_closed_form_of_a_product():
    """The classifier of a says 1 if a b = 1, thus never where b is set to 0
    and for half of the images where b is set to 1."""
    sampler = FunctionSampler((2, 2, 2), product, "abc")
    scores = unfairness(
        sampler, np.random.default_rng(0), num_train=2_000, num_test=4_000
    )
    expected = np.zeros((3, 3))
    expected[0, 1] = expected[1, 0] = 0.25
    matrix = scores["unfairness/matrix"]
    np.testing.assert_allclose(matrix, expected, atol=0.01)
    assert scores["unfairness"] == pytest.approx(matrix.sum() / 6)
    assert (np.diag(matrix) == 0).all()


def test_rows_are_targets_and_columns_are_sensitive():
    """Where b is 1 the codes show a, else always 0; b is shown as it is."""
    sampler = FunctionSampler(
        (2, 2), lambda f: np.stack([f[:, 0] * f[:, 1], f[:, 1]], axis=1)
    )
    matrix = unfairness(sampler, np.random.default_rng(0))["unfairness/matrix"]
    assert matrix[0, 1] > 0.2
    assert matrix[1, 0] == 0


def test_interventions_leave_the_other_factors_alone():
    calls = []

    def codes_of(factors):
        calls.append(factors)
        return perfect(factors)

    score(unfairness, codes_of, **SMALL)
    assert len(calls) == 6  # once to train, once for each sensitive factor
    assert len(calls[0]) == 1_000
    for s, factors in enumerate(calls[1:]):
        factors = factors.reshape(SIZES[s], 50, 5)
        assert (factors[:, :, s] == np.arange(SIZES[s])[:, None]).all()
        others = np.delete(factors, s, axis=2)
        assert (others == others[0]).all()
        assert (np.ptp(others[0], axis=0) > 0).all()


def slow_distance(predicted, group):
    total = 0.0
    for value in set(group):
        for answer in set(predicted):
            here = np.mean(predicted[group == value] == answer)
            total += abs(here - np.mean(predicted == answer)) * np.mean(
                group == value
            )
    return total / 2


def test_table_compares_rows_that_were_not_trained_on():
    """Unequal groups: b is 1 in a quarter of the rows, a 1 in half of them."""
    rng = np.random.default_rng(0)
    factors = np.stack(
        [rng.random(8_000) < 0.5, rng.random(8_000) < 0.25], axis=1
    ).astype(np.int64)
    shown = factors[:, 0] * factors[:, 1]
    table = TableSampler(np.stack([shown, shown], axis=1), factors)
    with pytest.warns(UserWarning, match="4000 rows, not interv.* 0.0"):
        scores = unfairness(
            table, np.random.default_rng(0), num_train=4_000, num_test=2_000
        )
    # Without the product a is 1 in 3 of 7 rows: the classifier says 0.
    expected = slow_distance(shown, factors[:, 1])
    matrix = scores["unfairness/matrix"]
    assert matrix[0, 1] == pytest.approx(expected, abs=0.02)
    assert 0.15 < expected < 0.23


def test_score_of_a_fair_classifier_on_few_rows_is_told():
    rng = np.random.default_rng(0)
    factors = rng.integers(6, size=(300, 2))
    table = TableSampler(factors, factors)
    with pytest.warns(UserWarning, match="classifier scores about 0.[1-3]"):
        scores = unfairness(table, rng, num_train=100, num_test=30)
    assert 0.1 < scores["unfairness"] < 0.4


def test_factor_with_one_value_is_left_out():
    sampler = FunctionSampler((2, 1, 2, 2), lambda f: product(f[:, [0, 2, 3]]))
    with pytest.warns(UserWarning, match="one value: factor_1"):
        scores = unfairness(sampler, np.random.default_rng(0), **SMALL)
    matrix = scores["unfairness/matrix"]
    assert (matrix[1] == 0).all() and (matrix[:, 1] == 0).all()
    assert matrix.shape == (4, 4)
    assert scores["unfairness"] == pytest.approx(matrix.sum() / 6)


def test_number_of_cores_changes_nothing(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    alone = score(unfairness, rotated, **SMALL)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "4")
    together = score(unfairness, rotated, **SMALL)
    for key, value in alone.items():
        np.testing.assert_array_equal(together[key], value)


def test_sound_codes_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score(unfairness, rotated, **SMALL)


@pytest.mark.parametrize(
    "codes_of, message",
    [
        (lambda f: f * 1e-9, "collapsed"),
        (lambda f: np.ones((len(f), 3)), "collapsed"),
    ],
)
def test_degenerate_codes(codes_of, message):
    sampler = FunctionSampler((2, 3), codes_of)
    with pytest.warns(UserWarning, match=f"unfairness.*{message}"):
        scores = unfairness(sampler, np.random.default_rng(0), **SMALL)
    assert scores["unfairness"] == 0


def test_table_of_few_rows():
    rng = np.random.default_rng(0)
    factors = np.arange(12)[:, None] // [1, 4]  # some only to test on
    table = TableSampler(rng.normal(size=(12, 3)), factors)
    with pytest.warns(UserWarning) as caught:
        scores = unfairness(table, np.random.default_rng(0))
    assert np.isfinite(scores["unfairness"])
    assert {str(w.message).split()[0] for w in caught} == {
        "There",
        "unfairness",
    }


def test_single_latent():
    """Shows factor 0 alone; that of factor 1 is guessed from it."""
    sampler = FunctionSampler((2, 3), lambda f: f[:, :1])
    with pytest.warns(UserWarning, match="unfairness: there is a single"):
        scores = unfairness(sampler, np.random.default_rng(0), **SMALL)
    assert scores["unfairness/matrix"][0, 1] == 0
    assert 0 <= scores["unfairness"] < 1


@pytest.mark.parametrize("option", ["num_train", "num_test"])
def test_refuses_options(option):
    with pytest.raises(UsageError, match=option):
        score(unfairness, perfect, **{option: 0})


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_refuses_what_cannot_be_measured():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(50, 2))
    with pytest.raises(NotApplicable, match="unfairness"):
        unfairness(TableSampler(codes), rng)
    with pytest.raises(UsageError, match="2 or more factors"):
        unfairness(TableSampler(codes, np.arange(50)[:, None]), rng)


def test_factor_with_one_training_value_is_fair_and_counts():
    n = np.arange(40)
    factors = np.stack([n % 2, n // 2 % 2, n == 0], axis=1).astype(int)
    table = TableSampler(np.random.default_rng(0).normal(size=(40, 2)), factors)
    counts = {"num_train": 20, "num_test": 10}

    def is_tested(seed):
        rng = np.random.default_rng(seed)
        _, test = codes_lib.draw_split(table, 20, 20, rng)
        return test.factors[:, 2].any()

    seed = next(filter(is_tested, range(20)))
    with pytest.warns(UserWarning) as caught:
        scores = unfairness(table, np.random.default_rng(seed), **counts)
    [warning] = caught  # no factor is left out
    assert "fair classifier" in str(warning.message)
    matrix = scores["unfairness/matrix"]
    assert (matrix[2] == 0).all() and (matrix[:2, 2] > 0).all()
    assert scores["unfairness"] == pytest.approx(matrix.sum() / 6)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_size_of_the_values_of_a_table_does_not_matter():
    rng = np.random.default_rng(0)
    factors = rng.integers((2, 3), size=(90, 2))
    codes = factors + rng.normal(size=(90, 2))
    small, large = (
        unfairness(
            TableSampler(codes, factors * step),
            np.random.default_rng(0),
            num_train=50,
            num_test=10,
        )["unfairness"]
        for step in (1, 300_000_000)
    )
    assert 0 < small == large
