"""Panels over the steps of a training run, side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullLocator,
)

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style

HEIGHT = 2.3  # Inches.
ROUND = (1, 2, 5, 10)  # First digits of the distance of ticks.
FEW = 20  # Up to so many values get a marker each.


def steps_of(records: Sequence[Mapping[str, float]]) -> np.ndarray:
    """The steps [n] of the lines of a log.

    Raises:
      UsageError: There are no records, or one lacks its step.
    """
    if not records or any("step" not in record for record in records):
        raise UsageError(
            f"{len(records)} log records were given, with or without a step; "
            "give at least one, each with its step."
        )
    return np.array([record["step"] for record in records], np.float64)


def values_of(records: Sequence[Mapping[str, float]], key: str) -> np.ndarray:
    """A number of the log [n], NaN where it is missing or not finite."""
    values = [record.get(key) for record in records]
    values = np.array([np.nan if v is None else v for v in values], np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def new_step_panels(
    titles: Sequence[tuple[str, str]], steps: np.ndarray
) -> tuple[Figure, list[Axes]]:
    """A figure of empty panels.

    Args:
      titles: Title and unit of each panel.
      steps: [n] of the run.

    Returns:
      The figure and its panels.
    """
    figure = style.new_figure(style.WIDTH, HEIGHT)
    grid = figure.add_gridspec(
        1, len(titles), left=0.07, right=0.97, bottom=0.2, top=0.87, wspace=0.45
    )
    row = [figure.add_subplot(place) for place in grid]
    for axes, (title, unit) in zip(row, titles, strict=True):
        _dress(axes, title, unit, max(steps.max(), 1))
    return figure, row


def say_missing(axes: Axes) -> None:
    """Says that a number is not in the log."""
    axes.set_yticks([])
    axes.text(
        0.5,
        0.5,
        "not in the log",
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=style.LABEL,
        color=style.MUTED,
    )


def draw_curve(
    axes: Axes, steps: np.ndarray, values: np.ndarray, *, from_zero: bool
) -> None:
    """Draws one number over the steps, and sets the axis for it.

    Args:
      axes: A panel.
      steps: [n].
      values: [n], NaN leaves a gap.
      from_zero: Whether the axis starts at 0. One that does not is
        logarithmic where the values differ tenfold or more.
    """
    is_few = np.isfinite(values).sum() <= FEW
    axes.plot(
        steps,
        values,
        color=style.ACCENT,
        linewidth=1.2,
        marker="o" if is_few else None,
        markersize=3,
        clip_on=False,
    )
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=ROUND))
    lowest, highest = np.nanmin(values), np.nanmax(values)
    if from_zero:
        axes.set_ylim(0, 1.08 * max(highest, 1))
    elif 0 < 10 * lowest <= highest:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.9g}"))


def _dress(axes: Axes, title: str, unit: str, last_step: float) -> None:
    style.dress(axes)
    axes.grid(color=style.GRID, linewidth=0.6)
    axes.set_title(title, fontsize=style.HEADING, color=style.INK, loc="left")
    axes.set_xlabel("step", fontsize=style.LABEL, color=style.INK)
    axes.set_ylabel(unit, fontsize=style.LABEL, color=style.INK)
    axes.set_xlim(0, 1.03 * last_step)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=ROUND))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
