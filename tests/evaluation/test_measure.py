import json

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.measure import measure
from tfdisent.evaluation.metric_calls import parse_calls
from tfdisent.metrics import METRICS
from tfdisent.metrics.samplers import FunctionSampler, TableSampler

SAMPLER = FunctionSampler(
    (4, 6, 5), lambda f: np.hstack([f, f[:, :2] * 1e-3]) + 0.1 * f[:, [0]]
)


def entry(text, **options):
    options = {"seeds": (0,), **options}
    entries, _ = measure(
        lambda seed: SAMPLER, parse_calls(text, METRICS), **options
    )
    [value] = entries.values()
    return value


def direct(text, seed=0, sampler=SAMPLER):
    [call] = parse_calls(text, METRICS)
    return call(sampler, np.random.default_rng(seed))


MIG = "mig_histogram(num_points=500)"


def test_values_are_the_metrics_beside_their_settings():
    measured = entry(MIG)
    expected = direct(MIG)
    assert measured["values"]["mig_histogram"] == expected["mig_histogram"]
    assert measured["settings"]["num_points"] == 500
    assert measured["settings"]["num_bins"] == 20
    assert measured["seeds"] == [0] and "statistics" not in measured
    json.dumps(measured)


def test_several_seeds_are_summed_up():
    measured = entry(MIG, seeds=(3, 4, 9))
    values = [direct(MIG, seed)["mig_histogram"] for seed in (3, 4, 9)]
    spread = measured["statistics"]["mig_histogram"]
    assert measured["values"]["mig_histogram"] == pytest.approx(np.mean(values))
    assert spread["median"] == pytest.approx(np.median(values))
    assert spread["sd"] == pytest.approx(np.std(values, ddof=1))
    assert spread["n"] == 3


def test_masked_values_stand_beside_those_of_all_latents():
    measured = entry(MIG, active=[0, 1, 2])
    kept = FunctionSampler((4, 6, 5), lambda f: SAMPLER.codes_of(f)[:, :3])
    expected = direct(MIG, sampler=kept)["mig_histogram"]
    assert measured["masked"]["latents"] == [0, 1, 2]
    assert measured["masked"]["values"]["mig_histogram"] == expected
    assert measured["values"]["mig_histogram"] != expected


def test_intervals_hold_the_value():
    measured = entry(MIG, resamples=30)
    low, high = measured["intervals"]["values"]["mig_histogram"]
    middle = measured["values"]["mig_histogram"]
    assert middle == pytest.approx((low + high) / 2)
    assert middle - 0.1 < low < high


def test_warnings_of_a_metric_are_kept_once():
    flat = FunctionSampler((4, 5), lambda f: np.zeros((len(f), 2)))
    entries, _ = measure(
        lambda seed: flat, parse_calls(MIG, METRICS), seeds=(0, 1, 2)
    )
    assert len(entries[MIG]["warnings"]) == 1
    assert "collapsed" in entries[MIG]["warnings"][0]


def test_what_is_not_possible_is_left_out_or_refused():
    table = TableSampler(np.random.default_rng(0).normal(size=(50, 3)))
    calls = parse_calls("mig_histogram, active_units", METRICS)
    entries, left_out = measure(lambda seed: table, calls, strict=False)
    assert set(entries) == {"active_units"}
    assert "needs the factors" in left_out["mig_histogram"]
    with pytest.raises(UsageError, match="needs the factors"):
        measure(lambda seed: table, calls)
