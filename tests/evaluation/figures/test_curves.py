import warnings

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures.curves import loss_curves

RECORDS = [
    {"step": 100, "distortion": 500.0, "rate": 1.0, "active_latents": 2},
    {"step": 200, "distortion": 90.0, "rate": 6.5, "active_latents": 5},
    {"step": 300, "distortion": 40.0, "rate": 9.0, "active_latents": 7},
]


def by_title(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes}


def test_three_panels_with_units_and_values(texts_of):
    figure = loss_curves(RECORDS)
    panels = by_title(figure)
    assert list(panels) == ["Distortion", "Rate", "Active latents"]
    for axes, key in zip(
        panels.values(), ("distortion", "rate", "active_latents"), strict=True
    ):
        (line,) = axes.lines
        np.testing.assert_array_equal(line.get_xdata(), [100, 200, 300])
        np.testing.assert_array_equal(
            line.get_ydata(), [record[key] for record in RECORDS]
        )
        assert axes.get_xlabel() == "step"
    shown = texts_of(figure)
    assert shown.count("nats per image") == 2
    assert figure.bbox.width == 1080


def test_a_generator_has_panels_of_its_own(texts_of):
    records = [
        {
            "step": step,
            "discriminator_loss": 1.4,
            "generator_loss": 0.1 * step,
            "relative_spread": 0.9,
        }
        for step in (10, 20)
    ]
    figure = loss_curves(records)
    assert {"Loss of the generator", "Spread of its images"} <= set(
        texts_of(figure)
    )
    assert "not in the log" not in texts_of(figure)
    losses = figure.axes[1].lines[0].get_ydata()
    np.testing.assert_allclose(losses, [1, 2])


def test_steep_distortion_is_logarithmic_but_negative_is_not():
    axes = by_title(loss_curves(RECORDS))["Distortion"]
    assert axes.get_yscale() == "log"
    assert axes.yaxis.get_major_formatter()(2e6) == "2,000,000"
    falling = [
        {"step": step, "distortion": 900.0 - step * 10} for step in (1, 50, 99)
    ]
    axes = by_title(loss_curves(falling))["Distortion"]
    assert axes.get_yscale() == "linear"


def test_gaps_where_values_are_missing_or_not_finite():
    records = [*RECORDS, {"step": 400, "rate": float("inf")}, {"step": 500}]
    records[-1]["active_latents"] = None
    for axes in loss_curves(records).axes:
        values = axes.lines[0].get_ydata()
        assert np.isfinite(values[:3]).all()
        assert np.isnan(values[3:]).all()


def test_a_single_record_shows_as_a_point(texts_of):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = loss_curves([{"step": 0, "rate": 3.2}])
        shown = texts_of(figure)
    panels = by_title(figure)
    assert panels["Rate"].lines[0].get_marker() == "o"
    assert shown.count("not in the log") == 2


def test_long_logs_have_no_markers():
    records = [{"step": step, "rate": 1.0} for step in range(500)]
    assert (
        by_title(loss_curves(records))["Rate"].lines[0].get_marker() == "None"
    )


@pytest.mark.parametrize("records", [[], [{"rate": 1.0}]])
def test_refuses_a_log_without_steps(records):
    with pytest.raises(UsageError, match="step"):
        loss_curves(records)
