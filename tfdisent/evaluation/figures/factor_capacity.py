"""How much of a growing capacity each factor gets."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.step_panels import ROUND

HEIGHT = 3.6  # Inches.
LEFT, BOTTOM, TOP = 0.5, 0.45, 0.5  # Inches beside the axes.
GAP = 0.08  # Inches between the end of a line and its label.
LINE = 0.16  # Inches from a label to the next.


def factor_capacity(
    capacity: np.ndarray,
    kl: np.ndarray,
    names: Sequence[str],
    level: float,
    published: Mapping[str, float],
) -> Figure:
    """Draw the KL of every factor over the capacity.

    Thick lines are means over runs, thin lines the runs.

    Args:
      capacity: [n] in nats, ascending.
      kl: [S, n, K] in nats, of S runs and K factors.
      names: [K] of the factors.
      level: Nats from which on a factor counts as used.
      published: Capacities to compare with, by what they are of.

    Returns:
      The figure.

    Raises:
      UsageError: The arrays do not fit each other, or are empty.
    """
    if not np.size(kl) or np.shape(kl)[1:] != (len(capacity), len(names)):
        raise UsageError(
            f"KL values of shape {list(np.shape(kl))} do not fit "
            f"{len(capacity)} capacities and {len(names)} factors; give an "
            "array [runs, capacities, factors]."
        )
    widest = max(style.text_width(name, style.LABEL) for name in names)
    right = widest / style.DPI + 2 * GAP
    figure, axes = style.new_axes(
        *(style.WIDTH, HEIGHT), left=LEFT, right=right, bottom=BOTTOM, top=TOP
    )
    title = (
        f"Capacity that each factor gets, {len(kl)} run{'s' * (len(kl) > 1)}"
    )
    if published:
        title += "; dashed: where the paper's images first show it"
    _dress(axes, title, capacity[-1], np.max(kl))
    axes.axhline(level, color=style.MUTED, linewidth=0.6, linestyle=":")
    for what, nats in published.items():
        _mark(axes, what, nats)
    means = np.mean(kl, axis=0)
    for i in range(len(names)):
        colour = style.CATEGORY_COLOURS[i % len(style.CATEGORY_COLOURS)]
        axes.plot(capacity, kl[..., i].T, color=colour, linewidth=0.4)
        axes.plot(capacity, means[:, i], color=colour, linewidth=1.6)
    _label_ends(axes, capacity[-1], means[-1], names)
    return figure


def _dress(axes: Axes, title: str, end: float, highest: float) -> None:
    style.dress(axes)
    axes.grid(color=style.GRID, linewidth=0.6)
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1.15 * max(highest, 1))  # Labels are moved up.
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=ROUND))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=ROUND))
    axes.set_xlabel("capacity (nats)", fontsize=style.LABEL, color=style.INK)
    axes.set_ylabel("KL (nats)", fontsize=style.LABEL, color=style.INK)
    axes.set_title(
        title, fontsize=style.HEADING, color=style.INK, loc="left", pad=16
    )


def _mark(axes: Axes, what: str, nats: float) -> None:
    """A published capacity: a line, and on top of it what it is of."""
    if not nats <= axes.get_xlim()[1]:
        return
    axes.axvline(nats, color=style.MUTED, linewidth=0.6, linestyle="--")
    axes.annotate(
        f"{what} {style.number(nats)}",
        (nats, 1),
        (0, 3),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        ha="center",
        fontsize=style.SMALL,
        color=style.MUTED,
    )


def _label_ends(
    axes: Axes, end: float, values: np.ndarray, names: Sequence[str]
) -> None:
    """The names beside the ends of their lines, none upon another."""
    inches = HEIGHT - BOTTOM - TOP
    step = LINE / inches * axes.get_ylim()[1]
    for i, y in zip(
        np.argsort(values), spread(np.sort(values), step), strict=True
    ):
        axes.annotate(
            names[i],
            (end, y),
            (GAP * 72, 0),
            textcoords="offset points",
            annotation_clip=False,
            va="center",
            fontsize=style.LABEL,
            color=style.CATEGORY_COLOURS[i % len(style.CATEGORY_COLOURS)],
        )


def spread(values: np.ndarray, step: float) -> np.ndarray:
    """The ascending values `[K]`, moved up until each is a step apart."""
    places = np.arange(len(values)) * step
    return np.maximum.accumulate(values - places) + places
