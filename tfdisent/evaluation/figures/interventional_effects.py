"""Does a latent heed one factor alone? The effects behind the IRS."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.activation_panels import UNIT, ticks
from tfdisent.evaluation.figures.latents import is_inactive, order_by_kl
from tfdisent.evaluation.figures.panel_labels import (
    draw_bars,
    title_columns,
    write_numbers,
)
from tfdisent.evaluation.figures.panels import lay_out_panels

LEGEND = (
    "line: mean z (standard deviations of the prior) at each value of the "
    "factor;  band: {part:.0f} % of images are nearer;\n"
    "number: 1 − mean half width of the band / largest deviation of z at "
    "large, the weight;  blue: the best factor"
)


class Effects(NamedTuple):
    """What a factor does to the latents.

    Attributes:
      values: `[v]`, those of the factor that occur.
      mean: `[v, D]` mean codes with each value.
      deviation: `[v, D]` quantile of the distances from it.
    """

    values: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


def effects_of(
    codes: np.ndarray, factor: np.ndarray, quantile: float
) -> Effects:
    """How codes spread while a factor is held at each of its values.

    Args:
      codes: `[n, D]`.
      factor: `[n]` values of one factor.
      quantile: Of the distances from the mean.
    """
    values = np.unique(factor)
    groups = [codes[factor == value] for value in values]
    mean = np.stack([group.mean(axis=0) for group in groups])
    deviation = np.stack(
        [
            np.quantile(np.abs(group - centre), quantile, axis=0)
            for group, centre in zip(groups, mean, strict=True)
        ]
    )
    return Effects(values, mean, deviation)


def interventional_effects(
    effects: Sequence[Effects],
    names: Sequence[str],
    robustness: np.ndarray,
    largest: np.ndarray,
    kl: Sequence[float],
    *,
    latents: Sequence[int],
    quantile: float,
) -> Figure:
    """Draws a row for each factor and a column for each latent.

    Args:
      effects: [K] of each factor on D latents.
      names: [K] of the factors.
      robustness: [D, K], 1 - mean deviation / largest.
      largest: [D] largest deviations from the mean of all images, the weights
        of the latents in the IRS.
      kl: [D] of the latents, in nats; the largest comes first.
      latents: [D] their numbers.
      quantile: That of the effects.

    Returns:
      The figure.

    References:
      Suter et al., Robustly Disentangled Causal Mechanisms, 2019, section 4.
    """
    order = order_by_kl(kl)
    labels = [
        f"{name}\n{len(effect.values)} values →"
        for name, effect in zip(names, effects, strict=True)
    ]
    panels = lay_out_panels(
        [*labels, "robustness"],
        square=[False] * len(names),
        columns=len(order),
        legend=2,
    )
    limit = max(np.max(np.abs(e.mean) + e.deviation) for e in effects)
    best = robustness.argmax(axis=1)
    for k, (row, effect) in enumerate(zip(panels.rows, effects, strict=True)):
        for axes, latent in zip(row, order, strict=True):
            _draw(axes, effect, latent, is_best=best[latent] == k)
            _write(axes, style.number(robustness[latent, k], 2))
            axes.set(
                ylim=(-1.25 * limit, 1.25 * limit),
                xticks=[],
                yticks=ticks(limit),
            )
            axes.tick_params(labelleft=axes is row[0])
        row[0].set_ylabel(**UNIT | {"ylabel": "z"})
    inks = [style.MUTED if is_inactive(kl[z]) else style.INK for z in order]
    title_columns(panels.rows[0], [latents[z] for z in order], inks)
    of_best = [robustness[z, best[z]] for z in order]
    draw_bars(panels, of_best, inks, least=1)
    write_numbers(panels, "weight", [largest[z] for z in order], inks)
    _explain(panels.figure, quantile)
    return panels.figure


def _draw(axes: Axes, effect: Effects, latent: int, *, is_best: bool) -> None:
    style.dress(axes)
    mean, half = effect.mean[:, latent], effect.deviation[:, latent]
    axes.axhline(0, color=style.GRID, linewidth=0.8, zorder=0)
    axes.fill_between(
        effect.values,
        mean - half,
        mean + half,
        color=style.ACCENT if is_best else style.MUTED,
        alpha=0.35,
        linewidth=0,
    )
    axes.plot(effect.values, mean, color=style.INK, linewidth=1.1)


def _write(axes: Axes, number: str) -> None:
    """In the upper corner of a panel."""
    axes.text(
        0.97,
        0.97,
        number,
        transform=axes.transAxes,
        ha="right",
        va="top",
        fontsize=style.SMALL,
        color=style.INK,
    )


def _explain(figure: Figure, quantile: float) -> None:
    figure.text(
        0.5,
        1 - 0.08 / figure.get_figheight(),
        LEGEND.format(part=100 * quantile),
        ha="center",
        va="top",
        linespacing=1.5,
        fontsize=style.SMALL,
        color=style.INK,
    )
