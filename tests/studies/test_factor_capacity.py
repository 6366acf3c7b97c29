import json

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.studies import factor_capacity
from tfdisent.studies.factor_capacity import (
    crossing,
    on_one_axis,
    order_holds,
    smoothed_curves,
    summarised,
)
from tfdisent.studies.run_study import run_study

CAPACITY = np.array([1.0, 2.0, 4.0, 8.0])


@pytest.mark.parametrize(
    ("kl", "expected"),
    [
        ([0.0, 0.4, 0.6, 2.0], 3.0),  # Half way from 2 to 4.
        ([0.0, 0.1, 0.2, 0.6], 7.0),
        ([0.9, 0.0, 1.0, 3.0], 3.0),  # Only the last crossing counts.
        ([0.6, 0.7, 1.0, 3.0], 1.0),  # From the start.
        ([0.0, 0.9, 0.9, 0.2], None),
        ([0.0, 0.0, 0.0, 0.5], None),
    ],
)
def test_crossing_is_where_a_curve_stays_above(kl, expected):
    found = crossing(CAPACITY, np.array(kl))
    assert found == (expected and pytest.approx(expected))


def test_curves_are_moving_means_over_five_records():
    log = [{"capacity": c, "kl_per_latent": [c**2, 1.0]} for c in range(1, 8)]
    capacity, kl = smoothed_curves(log)
    np.testing.assert_allclose(capacity, [3, 4, 5])
    np.testing.assert_allclose(kl[:, 0], [11, 18, 27])  # c^2 + 2
    np.testing.assert_allclose(kl[:, 1], 1)


def test_a_short_log_is_one_mean():
    log = [{"capacity": c, "kl_per_latent": [c]} for c in (1.0, 3.0)]
    capacity, kl = smoothed_curves(log)
    assert capacity.tolist() == [2.0] and kl.tolist() == [[2.0]]


def test_runs_with_other_records_come_onto_one_axis():
    straight = [
        (np.array(c), np.array(c)[:, None] * [1, 2])
        for c in ([0.0, 1.0, 2.0], [0.0, 0.5, 1.7, 2.0])
    ]
    capacity, kl = on_one_axis(straight)
    assert kl.shape == (2, 3, 2)
    for run in kl:
        np.testing.assert_allclose(run, capacity[:, None] * [1, 2])


def crossings(x, y, scale, shape, orientation):
    return {
        "shape": shape,
        "scale": scale,
        "orientation": orientation,
        "x_position": x,
        "y_position": y,
    }


@pytest.mark.parametrize(
    ("capacities", "holds"),
    [
        ((1, 2, 3, 4, 5), True),
        ((2, 1, 3, 5, 3), True),  # At once with the scale is allowed.
        ((1, 2, 3, None, None), True),
        ((1, 3, 3, 4, 5), False),
        ((1, 4, 3, 4, 5), False),
        ((1, 2, 4, 3, 5), False),
        ((1, 2, 4, 5, 3), False),
        ((1, 2, None, None, None), False),
        ((None, 2, 3, 4, 5), False),
    ],
)
def test_the_published_order(capacities, holds):
    runs = {"seed0": crossings(*capacities)}
    assert order_holds(runs) == {"seed0": holds}


def test_the_summary_counts_seeds():
    runs = {
        "seed0": crossings(1.0, 2.0, 3.0, 4.0, None),
        "seed1": crossings(1.0, 2.0, 5.0, 4.0, 6.0),
    }
    lines = summarised(runs)
    assert lines[1].split() == ["seed0", "seed1"]
    assert lines[4].split() == ["orientation", "never", "6.00"]
    assert "holds in 1 of 2 seeds" in lines[-1]


def test_a_whole_study(squares, tmp_path, capsys):
    settings = {"seeds": [0, 3], "steps": 120}
    settings["source"] = {"dataset": "squares"}
    lines = run_study(factor_capacity, squares, tmp_path, **settings)
    assert str(tmp_path / "seed3") in capsys.readouterr().out
    content = json.loads((tmp_path / "factor_capacity.json").read_text())
    assert content["data"]["provenance"] == "drawn for tests"
    assert content["budget"]["seeds"] == [0, 3]
    assert content["budget"]["images_seen_by_a_run"] == 120 * 64
    assert content["budget"]["capacity_steps"] == 120
    assert set(content["capacity_at_crossing"]) == {"seed0", "seed3"}
    for run in ("seed0", "seed3"):
        assert set(content["capacity_at_crossing"][run]) == set(
            squares.factor_names
        )
    # These factors have no published order.
    assert content["order_holds"] is None and content["published"] is None
    assert (tmp_path / "factor_capacity.png").stat().st_size > 1000
    assert lines[0] == content["summary"][0]

    checkpoint = tmp_path / "seed0" / "checkpoints" / "checkpoint"
    before = checkpoint.stat().st_mtime_ns
    assert run_study(factor_capacity, squares, tmp_path, **settings) == lines
    assert checkpoint.stat().st_mtime_ns == before  # Nothing was trained.
    with pytest.raises(UsageError, match="steps: 70 here, 120 there"):
        run_study(
            factor_capacity, squares, tmp_path, **{**settings, "steps": 70}
        )
