"""Latents against factors: Figure 7 of the beta-VAE paper."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.activation_means import POSITION, SHAPE
from tfdisent.evaluation.figures.activation_panels import (
    draw_curves,
    draw_maps,
    line_style,
)
from tfdisent.evaluation.figures.latents import (
    is_inactive,
    order_by_kl,
)
from tfdisent.evaluation.figures.panel_labels import (
    draw_bars,
    title_columns,
    write_numbers,
)
from tfdisent.evaluation.figures.panels import Panels, lay_out_panels
from tfdisent.training.active import ACTIVE_NATS


def latents_by_factors(
    means: Mapping[tuple[str, ...], np.ndarray],
    kl: Sequence[float],
    variance: Sequence[float] | None = None,
    shape_names: Sequence[str] | None = None,
) -> Figure:
    """Draw how every latent responds to every factor.

    Columns are latents, the largest KL first. Rows are the entries of `means`:
    a map over position, curves over the other factors, all on one scale. The
    last row shows the KL, and the variance if given.

    Args:
      means: Mean activations, as `activation_means` gives them.
      kl: [D] KL of every latent, in nats.
      variance: [D] mean variance of q(z_d | x); about 1 for inactive latents.
      shape_names: Names of the shapes for the legend; without them shapes
        are numbered.

    Returns:
      The figure.

    Raises:
      UsageError: `means` is empty, or not of as many latents as `kl`.

    References:
      Higgins et al., beta-VAE: Learning Basic Visual Concepts with a
      Constrained Variational Framework, 2017, Figure 7.
    """
    if not means or any(m.shape[-1] != len(kl) for m in means.values()):
        raise UsageError(
            f"Means of shapes {[list(m.shape) for m in means.values()]} do not "
            f"fit {len(kl)} KL values; give one array per row of the figure, "
            "with a mean for each latent."
        )
    order = order_by_kl(kl)
    limit = _limit(means)
    labels = [_row_label(kept, mean) for kept, mean in means.items()]
    panels = lay_out_panels(
        [*labels, "KL (nats)"],
        square=[kept == POSITION for kept in means],
        columns=len(order),
        legend=min(_shape_count(means), 1),
    )
    for row, (kept, mean) in zip(panels.rows, means.items(), strict=True):
        draw = draw_maps if kept == POSITION else draw_curves
        draw(row, mean[..., order], limit)
    inks = [style.MUTED if is_inactive(kl[z]) else style.INK for z in order]
    title_columns(panels.rows[0], order, inks)
    draw_bars(panels, [kl[z] for z in order], inks, least=ACTIVE_NATS)
    if variance is not None:
        of_columns = [variance[z] for z in order]
        write_numbers(panels, "variance", of_columns, inks)
    if _shape_count(means):
        _draw_legend(panels, _shape_count(means), shape_names)
    return panels.figure


def _limit(means: Mapping[tuple[str, ...], np.ndarray]) -> float:
    """The largest |mean activation|, for one scale common to all panels."""
    largest = max(np.nanmax(np.abs(m), initial=0) for m in means.values())
    return float(largest) if np.isfinite(largest) and largest else 1.0


def _row_label(kept: tuple[str, ...], mean: np.ndarray) -> str:
    if kept == POSITION:
        return "x_position →\ny_position ↓"
    return f"{kept[-1]}\n0 to {mean.shape[-2] - 1} →"


def _shape_count(means: Mapping[tuple[str, ...], np.ndarray]) -> int:
    """How many shapes have a line of their own; 0 if none."""
    counts = [len(m) for kept, m in means.items() if kept[:-1] == (SHAPE,)]
    return counts[0] if counts else 0


def _draw_legend(
    panels: Panels, count: int, shape_names: Sequence[str] | None
) -> None:
    """Which line is which shape."""
    names = shape_names or [f"shape {index}" for index in range(count)]
    panels.figure.legend(
        handles=[
            Line2D([], [], label=name, **line_style(index, count, 1))
            for index, name in enumerate(names)
        ],
        loc="upper center",
        ncols=count,
        frameon=False,
        fontsize=style.LABEL,
        labelcolor=style.INK,
        borderaxespad=0.3,
    )
