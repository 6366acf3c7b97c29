"""What each latent means: images decoded while one latent moves."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.latents import (
    check_latents,
    is_inactive,
    order_by_kl,
)
from tfdisent.evaluation.figures.mosaic import Margins, Mosaic, draw_mosaic

WEAK = 0.3  # A latent of a smaller |rho| is not named after a factor.

FactorOfLatent = tuple[str, float] | None
MEANING_OF_VALUES = "value of the latent (standard deviations of the prior)"


def traverse(
    codes: np.ndarray,
    decode: Callable[[np.ndarray], np.ndarray],
    latents: Sequence[int],
    values: Sequence[float],
) -> np.ndarray:
    """Decode `codes` with one latent after another set to each value.

    Args:
      codes: [D] code of the image to start from.
      decode: Codes [n, D] float32 -> images [n, H, W, C] in [0, 1].
      latents: [L] which latents to move.
      values: [K] what to set them to, in standard deviations of the prior.

    Returns:
      [L, K, H, W, C]; image (l, k) has z_latents[l] = values[k].

    Raises:
      UsageError: `codes` is not one code, or has no such latent.
    """
    codes = np.asarray(codes, np.float32)
    if codes.ndim != 1:
        raise UsageError(
            f"A traversal starts from one code, but codes have the shape "
            f"{list(codes.shape)}; give an array [latents]."
        )
    check_latents(latents, codes.size)
    moved = np.tile(codes, (len(latents), len(values), 1))
    for row, latent in enumerate(latents):
        moved[row, :, latent] = values
    images = np.asarray(decode(moved.reshape(-1, codes.size)))
    return images.reshape(len(latents), len(values), *images.shape[1:])


def traversals(
    images: np.ndarray,
    latents: Sequence[int],
    values: Sequence[float],
    kl: Sequence[float],
    factors: Sequence[FactorOfLatent] | None = None,
) -> Figure:
    """Draw one row of images per latent, the largest KL first.

    Args:
      images: [L, K, H, W, C] in [0, 1], as `traverse` gives them.
      latents: [L] the latent of each row of `images`, in any order.
      values: [K] the latent's value in each column, for instance
        np.linspace(-3, 3, 13).
      kl: [D] KL of every latent of the model, in nats.
      factors: [D] the factor that each latent follows and its |rho|, as
        `factor_of_latents` gives them; None if factors are not known.

    Returns:
      The figure. Inactive latents have grey labels; they and those of
      |rho| < 0.3 are not named after a factor.

    Raises:
      UsageError: The arguments do not fit together.
    """
    images = np.asarray(images)
    if images.shape[:2] != (len(latents), len(values)):
        raise UsageError(
            f"Traversal images have the shape {list(images.shape)}; give "
            f"{len(latents)} rows (latents) of {len(values)} columns (values)."
        )
    order = order_by_kl([kl[z] for z in latents])
    latents = [latents[row] for row in order]
    names = [f"z{z}" for z in latents]
    nats = [_nats(kl[z]) for z in latents]
    meanings = [_meaning(z, kl, factors) for z in latents]
    mosaic = draw_mosaic(
        images[order],
        Margins(
            left=_room([*names, *nats]),
            right=_room(meanings),
            top=66,
            bottom=14,
        ),
    )
    _label_columns(mosaic, values)
    for row, latent in enumerate(latents):
        ink = style.MUTED if is_inactive(kl[latent]) else style.INK
        _label_row(mosaic, row, names[row], nats[row], meanings[row], ink)
    return mosaic.figure


def _nats(kl: float) -> str:
    return f"{style.number(kl, 2)} nats"


def _meaning(
    latent: int, kl: Sequence[float], factors: Sequence[FactorOfLatent] | None
) -> str:
    """The label on the right of a row."""
    if is_inactive(kl[latent]):
        return "inactive"
    if factors is None or factors[latent] is None:
        return ""
    name, rho = factors[latent]
    return "" if rho < WEAK else f"{name}\n|ρ| = {rho:.2f}"


def _room(labels: Sequence[str]) -> int:
    """Pixels of margin that the widest label takes."""
    return round(max(style.text_width(x, style.LABEL) for x in labels)) + 26


def _label_columns(mosaic: Mosaic, values: Sequence[float]) -> None:
    text = {"ha": "center", "va": "baseline", "color": style.INK}
    for x, value in zip(mosaic.column_centres, values, strict=True):
        label = style.number(value)
        mosaic.axes.text(x, -9, label, fontsize=style.LABEL, **text)
    middle = mosaic.column_centres.mean()
    mosaic.axes.text(
        middle, -40, MEANING_OF_VALUES, fontsize=style.LABEL, **text
    )


def _label_row(
    mosaic: Mosaic, row: int, name: str, nats: str, meaning: str, ink: str
) -> None:
    y = mosaic.row_centres[row]
    text = {"fontsize": style.LABEL, "color": ink}
    left = {**text, "x": -12, "ha": "right"}
    mosaic.axes.text(s=name, y=y - 3, va="bottom", weight="bold", **left)
    mosaic.axes.text(s=nats, y=y + 3, va="top", **left)
    right_edge = mosaic.axes.get_xlim()[1]
    mosaic.axes.text(right_edge + 12, y, meaning, va="center", **text)
