import warnings

import numpy as np
import pytest
from oracles import NAMES, SIZES, WithPosteriors, perfect, rotated
from scipy import stats

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.evaluation.intervals import Rows, confidence_intervals
from tfdisent.evaluation.metric_calls import parse_calls
from tfdisent.metrics import METRICS
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.samplers import TableSampler

pytestmark = pytest.mark.filterwarnings("error::UserWarning")


def mean_code(sampler, rng):
    """Mean of a code: its sampling distribution is known."""
    points = rng.permutation(sampler.num_points)
    return {"mean": float(sampler.codes(points)[:, 0].mean())}


def neighbour(sampler, rng):
    """Accuracy on rows of which the training part may not hold a copy."""
    train, test = codes_lib.draw_split(sampler, 100, 50, rng)
    squares = (test.codes[:, None] - train.codes) ** 2
    nearest = squares.sum(axis=-1).argmin(axis=1)
    hits = train.factors[nearest, 0] == test.factors[:, 0]
    return {"neighbour": float(hits.mean())}


def gap(sampler, rng):
    (call,) = parse_calls("mig_histogram(num_points=150, num_bins=5)", METRICS)
    return call(sampler, rng)


def noisy_table(n, rng):
    factors = rng.integers((4, 6), size=(n, 2))
    codes = factors + rng.uniform(-2, 2, size=(n, 2))
    return TableSampler(codes, factors, ("first", "second"))


@pytest.mark.parametrize(
    ("metric", "name"),
    [(mean_code, "mean"), (gap, "mig_histogram"), (neighbour, "neighbour")],
)
def test_intervals_hold_the_expected_value_as_often_as_they_say(metric, name):
    rng, n = np.random.default_rng(0), 150
    expected = np.mean(
        [metric(noisy_table(n, rng), rng)[name] for _ in range(300)]
    )
    held = 0
    for i in range(60):
        low, high = confidence_intervals(
            metric, noisy_table(n, rng), np.arange(n), seed=i, resamples=30
        )[name]
        held += low <= expected <= high
    # 95 % of 60 is 57; the sd of resamples and of the count add 3.
    assert held >= 50


def test_width_is_that_of_the_closed_form():
    codes = np.random.default_rng(0).normal(size=(400, 1))
    table = TableSampler(codes)
    for level in (0.5, 0.95):
        ((low, high),) = confidence_intervals(
            mean_code, table, np.arange(400), 0, resamples=2000, level=level
        ).values()
        z = stats.norm.ppf(0.5 + level / 2)
        half = z * codes.std(ddof=1) / np.sqrt(400)
        assert (low + high) / 2 == pytest.approx(codes.mean())
        assert (high - low) / 2 == pytest.approx(half, rel=0.06)


def test_no_row_is_drawn_twice_and_all_have_their_turn():
    seen = []

    def metric(sampler, rng):
        rows = sampler.codes(np.arange(sampler.num_points))[:, 0]
        assert len(np.unique(rows)) == len(rows)
        seen.append(rows)
        return {"n": float(len(rows))}

    table = TableSampler(np.arange(11)[:, None])
    confidence_intervals(metric, table, np.arange(11), 0, resamples=20)
    assert [len(rows) for rows in seen] == [11] + [5] * 20
    assert set(np.concatenate(seen[1:])) == set(range(11))


def test_same_seed_same_intervals_and_the_metric_has_that_seed():
    draws = []

    def metric(sampler, rng):
        draws.append(rng.random())
        return mean_code(sampler, rng)

    table = noisy_table(50, np.random.default_rng(0))
    first, again, other = (
        confidence_intervals(metric, table, np.arange(50), s, resamples=5)
        for s in (3, 3, 4)
    )
    assert first == again != other
    assert draws[:12] == [np.random.default_rng(3).random()] * 12


def test_the_middle_is_the_value_of_the_table():
    table = noisy_table(100, np.random.default_rng(0))
    (call,) = parse_calls("mig_histogram(num_points=100)", METRICS)
    value = call(table, np.random.default_rng(5))
    intervals = confidence_intervals(
        call, table, np.arange(100), 5, resamples=10
    )
    assert set(intervals) == {
        "mig_histogram",
        "mig_histogram/first",
        "mig_histogram/second",
    }
    for name, (low, high) in intervals.items():
        assert type(low) is type(high) is float
        assert (low + high) / 2 == pytest.approx(value[name])
        assert low < high


def test_matrices_and_numbers_that_some_half_lacks_have_none():
    def metric(sampler, rng):
        n = sampler.num_points
        firsts = sampler.codes(np.arange(n))[:, 0]
        rare = {"m/rare": 1.0} if 0 in firsts else {}
        return {"m": float(n), "m/of_matrix": np.eye(2), **rare}

    table = TableSampler(np.arange(20)[:, None])
    intervals = confidence_intervals(
        metric, table, np.arange(20), 0, resamples=20
    )
    assert intervals == {"m": (20.0, 20.0)}


def test_warnings_of_the_metric_are_not_said_again():
    def metric(sampler, rng):
        warnings.warn("m says little", stacklevel=1)
        return {"m": 1.0}

    table = TableSampler(np.zeros((8, 1)))
    assert confidence_intervals(metric, table, np.arange(8), 0, resamples=2)


def test_rows_are_points_of_the_sampler_in_order():
    whole = WithPosteriors(SIZES, rotated, NAMES)
    points = np.array([5, 700_000, 5, 123])
    rows = Rows(whole, points)
    assert rows.num_points == 4
    assert rows.with_replacement is False
    assert rows.factor_names == NAMES
    assert rows.factor_sizes == SIZES
    every = np.arange(4)
    np.testing.assert_array_equal(rows.codes(every), whole.codes(points))
    np.testing.assert_array_equal(rows.factors(every), whole.factors(points))
    for part, of_whole in zip(
        Rows(rows, every[::-1]).posteriors(every),
        whole.posteriors(points[::-1]),
        strict=True,
    ):
        np.testing.assert_array_equal(part, of_whole)


def test_rows_without_posteriors_have_none():
    rows = Rows(TableSampler(np.zeros((3, 2))), np.arange(3))
    with pytest.raises(NotApplicable, match="some_metric needs q"):
        codes_lib.posteriors_at(rows, np.arange(2), "some_metric")


def test_a_data_set_is_given_by_some_of_its_points():
    sampler = WithPosteriors(SIZES, perfect, NAMES)
    points = sampler.sample(500, np.random.default_rng(0))
    (call,) = parse_calls("mig_histogram(num_points=500)", METRICS)
    low, high = confidence_intervals(call, sampler, points, 0, resamples=20)[
        "mig_histogram"
    ]
    rows = Rows(sampler, points)
    value = call(rows, np.random.default_rng(0))["mig_histogram"]
    assert low < value < high < low + 0.1


@pytest.mark.parametrize(
    ("n", "options"),
    [
        (3, {}),
        (8, {"resamples": 1}),
        (8, {"level": 1.0}),
        (8, {"level": 0}),
        (8, {"level": np.nan}),
    ],
)
def test_bad_arguments_are_refused(n, options):
    table = TableSampler(np.zeros((n, 1)))
    with pytest.raises(UsageError, match=f"{n} rows, resamples="):
        confidence_intervals(mean_code, table, np.arange(n), 0, **options)
