"""Walks through the factors of the data, in the plane where codes vary most."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfdisent.errors import NotApplicable
from tfdisent.evaluation.figures import style

HEIGHT = 5.0  # Inches.
LEFT, BOTTOM, TOP, RIGHT = 0.75, 0.65, 0.15, 1.5  # Inches beside the axes.
BACKGROUND = 3_000  # Codes shown behind the walks.


class Components(NamedTuple):
    """The plane in which codes vary most.

    Attributes:
      centre: `[D]` mean of the codes.
      directions: `[2, D]` orthonormal; the largest entry of each is positive.
      explained: `[2]` parts of the variance, in [0, 1].
    """

    centre: np.ndarray
    directions: np.ndarray
    explained: np.ndarray

    def project(self, codes: np.ndarray) -> np.ndarray:
        """Coordinates `[n, 2]` of codes `[n, D]`."""
        return (codes - self.centre) @ self.directions.T


def first_components(codes: np.ndarray) -> Components:
    """The first two principal components of codes `[n, D]`.

    Raises:
      NotApplicable: There are fewer than two latents, or none varies.
    """
    codes = np.asarray(codes, np.float64)
    centre = codes.mean(axis=0)
    if codes.shape[1] < 2 or not np.ptp(codes, axis=0).any():
        raise NotApplicable(
            f"Two principal components need two latents or more that vary; "
            f"there are {codes.shape[1]}, of which "
            f"{np.count_nonzero(np.ptp(codes, axis=0))} vary."
        )
    variances, vectors = np.linalg.eigh(np.cov(codes.T))
    directions = vectors[:, :-3:-1].T
    largest = np.abs(directions).argmax(axis=1)[:, None]
    signs = np.sign(np.take_along_axis(directions, largest, axis=1))
    explained = variances[:-3:-1] / variances.sum()
    return Components(centre, directions * signs, explained)


def principal_components(
    codes: np.ndarray,
    walks: Sequence[tuple[str, np.ndarray]],
    start: np.ndarray,
) -> Figure:
    """Draws the codes of images in which one factor goes through its values.

    The plane is that of all codes, which are the grey dots, so that walks of
    several lengths and pictures of several models can be compared; the figure
    of the paper is fitted to the walks themselves.

    Args:
      codes: `[n, D]` mean codes of images drawn at random.
      walks: Name of each factor and `[v, D]`, the mean codes of images with
        each of its values, the other factors fixed.
      start: `[D]`, where all walks cross.

    Returns:
      The figure.

    Raises:
      NotApplicable: As `first_components`.

    References:
      Chen et al., replication of beta-VAE (Oxford), 2019, Figure 5.
    """
    plane = first_components(codes)
    figure, axes = style.new_axes(
        *(style.WIDTH, HEIGHT), left=LEFT, right=RIGHT, bottom=BOTTOM, top=TOP
    )
    _dress(axes, plane.explained)
    dots = plane.project(codes[:BACKGROUND]).T
    axes.plot(
        *dots, ".", color=style.MUTED, ms=1.5, mew=0, label="images at random"
    )
    for index, (name, walk) in enumerate(walks):
        x, y = plane.project(walk).T
        extent = np.ptp(x) + np.ptp(y)
        looks = style.category(index) | {"lw": 1, "ms": 4.5, "mew": 0}
        # Short walks lie over long ones, which would hide them.
        order = 3 - extent / (1 + extent)
        axes.plot(x, y, **looks, label=name, zorder=order)
    axes.plot(
        *plane.project(start[None]).T,
        "o",
        markerfacecolor="none",
        markeredgecolor=style.INK,
        ms=10,
        zorder=3,
        linestyle="none",
        label="start",
    )
    _draw_legend(axes)
    return figure


def _dress(axes: Axes, explained: np.ndarray) -> None:
    style.dress(axes)
    axes.grid(color=style.GRID, linewidth=0.6)
    axes.set_aspect("equal", adjustable="datalim")
    text = {"fontsize": style.LABEL, "color": style.INK}
    names = [
        f"{which} principal component, {100 * part:.0f} % of the variance\n"
        "(standard deviations of the prior)"
        for which, part in zip(("first", "second"), explained, strict=True)
    ]
    axes.set_xlabel(names[0], **text)
    axes.set_ylabel(names[1], **text)


def _draw_legend(axes: Axes) -> None:
    """Beside the plane, with dots that can be seen."""
    legend = axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        frameon=False,
        fontsize=style.LABEL,
        labelcolor=style.INK,
    )
    legend.get_lines()[0].set_markersize(4)
