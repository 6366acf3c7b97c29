"""Which latents came into use when, and what they cost."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfdisent.errors import NotApplicable
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.factor_capacity import spread
from tfdisent.evaluation.figures.latents import is_inactive, order_by_kl
from tfdisent.evaluation.figures.step_panels import (
    draw_curve,
    new_step_panels,
    say_missing,
    steps_of,
    values_of,
)

TITLES = (
    ("KL of each latent", "nats"),
    ("Rate", "nats per image"),
    ("Loss", "nats per image"),
)
KL, RATE, CAPACITY, LOSS = "kl_per_latent", "rate", "capacity", "vae_loss"
MOST_NAMES = 10
LINE = 0.1  # Of the height of a panel, from a name to the next.


def capacity_curves(records: Sequence[Mapping]) -> Figure:
    """Draws the KL of each latent, the rate and the loss over steps.

    Names stand at the ends of the lines of latents that end up active, at most
    ten; the others are grey. A capacity that holds the rate is dashed.

    Args:
      records: The lines of log.jsonl.

    Returns:
      The figure.

    Raises:
      UsageError: There are no records, or one lacks its step.
      NotApplicable: They have no KL per latent.
    """
    records = [record for record in records if record.get(KL)]
    if not records:
        raise NotApplicable("The log has no KL per latent.")
    steps = steps_of(records)
    figure, (latents, *row) = new_step_panels(TITLES, steps)
    _draw_latents(
        latents, steps, np.array([r[KL] for r in records], np.float64)
    )
    for axes, key in zip(row, (RATE, LOSS), strict=True):
        values = values_of(records, key)
        if np.isnan(values).all():
            say_missing(axes)
        else:
            draw_curve(axes, steps, values, from_zero=key == RATE)
    _draw_capacity(row[0], steps, values_of(records, CAPACITY))
    return figure


def _draw_latents(axes: Axes, steps: np.ndarray, kl: np.ndarray) -> None:
    """A line for each latent, KL [n, D], and names for those in use."""
    order = order_by_kl(kl[-1])
    active = [z for z in order if not is_inactive(kl[-1, z])]
    for latent in reversed(order):  # The largest on top.
        color = style.MUTED
        if latent in active:
            color = style.category(active.index(latent))["color"]
        axes.plot(steps, kl[:, latent], color=color, linewidth=1, clip_on=False)
    highest = 1.08 * max(np.nanmax(kl, initial=0), 1)
    axes.set_ylim(0, highest)
    named = active[:MOST_NAMES][::-1]
    step = LINE * highest
    most = highest - step * np.arange(len(named))[::-1]
    places = np.minimum(spread(kl[-1, named], step), most)
    for latent, y in zip(named, places, strict=True):
        axes.annotate(
            f"z{latent}",
            (steps[-1], y),
            (4, 0),
            textcoords="offset points",
            annotation_clip=False,
            va="center",
            fontsize=style.SMALL,
            color=style.category(active.index(latent))["color"],
        )


def _draw_capacity(axes: Axes, steps: np.ndarray, capacity: np.ndarray) -> None:
    """What the rate is held at, if it is."""
    if np.isnan(capacity).all():
        return
    axes.plot(
        steps,
        capacity,
        color=style.INK,
        linestyle="--",
        linewidth=1,
        label="capacity C",
    )
    axes.set_ylim(0, max(axes.get_ylim()[1], 1.08 * np.nanmax(capacity)))
    axes.legend(
        loc="upper left",
        frameon=False,
        fontsize=style.SMALL,
        labelcolor=style.INK,
    )
