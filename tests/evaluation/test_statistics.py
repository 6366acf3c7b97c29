import json
import statistics as standard

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.statistics import best_half, describe, describe_all

VALUES = [0.9, 0.2, 0.4, 0.7]


def test_numbers_are_those_of_the_standard_library():
    assert describe(VALUES) == {
        "mean": pytest.approx(standard.mean(VALUES)),
        "median": pytest.approx(standard.median(VALUES)),
        "sd": pytest.approx(standard.stdev(VALUES)),
        "n": 4,
        "values": VALUES,
    }


def test_a_single_value_has_no_spread():
    assert describe([0.5]) == {
        "mean": 0.5,
        "median": 0.5,
        "sd": 0.0,
        "n": 1,
        "values": [0.5],
    }


def test_numbers_are_plain():
    described = describe(np.array(VALUES, np.float32))
    assert {type(described[k]) for k in ("mean", "median", "sd")} == {float}
    assert {type(value) for value in described["values"]} == {float}
    json.dumps(described)


def test_every_name_is_described_matrices_are_not():
    described = describe_all(
        [
            {"a": 1.0, "a/of_matrix": np.eye(2), "a/x": 5.0},
            {"a": 2.0, "a/of_matrix": np.eye(2)},
            {"a": 6.0, "a/of_matrix": np.eye(2), "a/x": 7.0, "b": 0.0},
        ]
    )
    assert list(described) == ["a", "a/x", "b"]
    assert described["a"] == describe([1.0, 2.0, 6.0])
    assert described["a/x"] == describe([5.0, 7.0])
    assert described["b"]["n"] == 1
    assert describe_all([]) == {}


@pytest.mark.parametrize(
    ("scores", "expected"),
    [(VALUES, 0.8), ([0.1, 0.9, 0.5], 0.7), ([0.3], 0.3), ([1, 1, 0], 1)],
)
def test_best_half_drops_the_lower_half(scores, expected):
    assert best_half(scores) == pytest.approx(expected)
    assert type(best_half(scores)) is float


def test_best_half_of_normal_scores_is_higher_by_0_8_sd():
    scores = np.random.default_rng(0).normal(size=100_000)
    assert best_half(scores) == pytest.approx(np.sqrt(2 / np.pi), abs=0.01)


@pytest.mark.parametrize("function", [describe, best_half])
def test_no_values_are_refused(function):
    with pytest.raises(UsageError, match="There are 0"):
        function([])
