"""How a training run went."""

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

# Key in the log -> title and unit of its panel, and whether it starts at zero.
Panels = Mapping[str, tuple[str, str, bool]]
PANELS: Panels = {
    "distortion": ("Distortion", "nats per image", False),
    "rate": ("Rate", "nats per image", True),
    "active_latents": ("Active latents", "number", True),
}
# Of a generator and its discriminator, which have none of these.
GAN_PANELS: Panels = {
    "discriminator_loss": ("Loss of the discriminator", "loss", False),
    "generator_loss": ("Loss of the generator", "loss", False),
    "relative_spread": ("Spread of its images", "of the data's", True),
}
HEIGHT = 2.3  # Inches.
ROUND = (1, 2, 5, 10)  # First digits of the distance of ticks.
FEW = 20  # Up to so many values get a marker each.


def loss_curves(records: Sequence[Mapping[str, float]]) -> Figure:
    """Draw distortion, rate and the number of active latents over steps.

    Of a generator and its discriminator it is their losses, and how much the
    generated images differ from each other.

    Args:
      records: The lines of log.jsonl. Values that a record lacks, or that
        are not finite, leave a gap.

    Returns:
      The figure. Where the distortion falls tenfold or more its axis is
      logarithmic.

    Raises:
      UsageError: There are no records, or one lacks its step.
    """
    if not records or any("step" not in record for record in records):
        raise UsageError(
            f"{len(records)} log records were given, with or without a step; "
            "give at least one, each with its step."
        )
    panels = GAN_PANELS if "generator_loss" in records[-1] else PANELS
    steps = np.array([record["step"] for record in records], np.float64)
    figure = style.new_figure(style.WIDTH, HEIGHT)
    grid = figure.add_gridspec(
        1, len(panels), left=0.07, right=0.97, bottom=0.2, top=0.87, wspace=0.3
    )
    for place, (key, (title, unit, from_zero)) in zip(
        grid, panels.items(), strict=True
    ):
        axes = figure.add_subplot(place)
        _dress(axes, title, unit, max(steps.max(), 1))
        values = np.array([_value(record, key) for record in records])
        if np.isnan(values).all():
            _say_missing(axes)
        else:
            _draw_curve(axes, steps, values, from_zero)
    return figure


def _value(record: Mapping[str, float], key: str) -> float:
    value = record.get(key)
    return value if value is not None and np.isfinite(value) else np.nan


def _dress(axes: Axes, title: str, unit: str, last_step: float) -> None:
    style.dress(axes)
    axes.grid(color=style.GRID, linewidth=0.6)
    axes.set_title(title, fontsize=style.HEADING, color=style.INK, loc="left")
    axes.set_xlabel("step", fontsize=style.LABEL, color=style.INK)
    axes.set_ylabel(unit, fontsize=style.LABEL, color=style.INK)
    axes.set_xlim(0, 1.03 * last_step)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=ROUND))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))


def _say_missing(axes: Axes) -> None:
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


def _draw_curve(
    axes: Axes, steps: np.ndarray, values: np.ndarray, from_zero: bool
) -> None:
    axes.plot(
        steps,
        values,
        color=style.ACCENT,
        linewidth=1.2,
        marker="o" if np.isfinite(values).sum() <= FEW else None,
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
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
