import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures.factor_capacity import (
    factor_capacity,
    spread,
)

CAPACITY = np.linspace(0.5, 25, 50)
NAMES = ("shape", "scale", "orientation", "x_position", "y_position")
# Two runs, 0.2 nats apart.
KL = np.stack(
    [np.outer(CAPACITY, [0.1, 0.15, 0.2, 0.275, 0.275]) + d for d in (0, 0.2)]
)


def test_every_factor_has_a_mean_a_line_a_run_and_a_name(texts_of):
    figure = factor_capacity(CAPACITY, KL, NAMES, 0.5, {"location": 3.1})
    (axes,) = figure.axes
    drawn = [line.get_ydata() for line in axes.lines]
    for i in range(5):
        for expected in (KL[0, :, i], KL[1, :, i], KL[:, :, i].mean(0)):
            assert any(np.array_equal(expected, d) for d in drawn)
    shown = texts_of(figure)
    assert set(NAMES) <= set(shown)
    assert "location 3.1" in shown
    assert any("gets, 2 runs; dashed" in text for text in shown)


def test_names_of_close_lines_do_not_overlap():
    figure = factor_capacity(CAPACITY, KL, NAMES, 0.5, {})
    figure.savefig("/dev/null", format="png")
    boxes = [
        text.get_window_extent()
        for text in figure.axes[0].texts
        if text.get_text() in NAMES
    ]
    assert len(boxes) == 5
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_names_are_spread_as_little_as_needed():
    np.testing.assert_allclose(spread(np.array([0.0, 5.0, 9.0]), 1), [0, 5, 9])
    np.testing.assert_allclose(
        spread(np.array([1.0, 1.0, 1.5, 9.0]), 1), [1, 2, 3, 9]
    )


def test_published_capacities_beyond_the_axis_are_left_out(texts_of):
    figure = factor_capacity(CAPACITY[:20], KL[:, :20], NAMES, 0.5, {"far": 24})
    assert not [text for text in texts_of(figure) if "far" in text]


@pytest.mark.parametrize("kl", [KL[0], KL[:, :3], KL[:0], KL[..., :4]])
def test_refuses_what_does_not_fit(kl):
    with pytest.raises(UsageError, match="5 factors"):
        factor_capacity(CAPACITY, kl, NAMES, 0.5, {})
