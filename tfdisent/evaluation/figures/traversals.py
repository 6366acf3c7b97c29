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
from tfdisent.evaluation.figures.mosaic import (
    GAP,
    Margins,
    Mosaic,
    draw_mosaic,
    tile_scale,
)
from tfdisent.evaluation.figures.start_image import (
    MARK,
    Start,
    draw_start,
    mark_value,
)

WEAK = 0.3  # A latent of a smaller |rho| is not named after a factor.

FactorOfLatent = tuple[str, float] | None
MEANING_OF_VALUES = "value of the latent (standard deviations of the prior)"
HEAD, SIDE = 66, 14  # Pixels above all tiles with labels, and below.
START_GAP = 20  # Pixels below the image that they start from.
ROW_VALUES = 24  # Pixels above a row, with room for its own values.


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
      values: [K] what to set them to, in standard deviations of the prior, or
        [L, K], each latent to its own.

    Returns:
      [L, K, H, W, C]; image (l, k) has z_latents[l] = values[l, k].

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
    moved = np.tile(codes, (len(latents), np.shape(values)[-1], 1))
    for row, latent in enumerate(latents):
        moved[row, :, latent] = _of_row(values, row)
    images = np.asarray(decode(moved.reshape(-1, codes.size)))
    return images.reshape(*moved.shape[:2], *images.shape[1:])


def traversals(
    images: np.ndarray,
    latents: Sequence[int],
    values: np.ndarray,
    kl: Sequence[float],
    factors: Sequence[FactorOfLatent] | None = None,
    *,
    start: Start | None = None,
    note: str = "",
) -> Figure:
    """Draw one row of images per latent, the largest KL first.

    Args:
      images: [L, K, H, W, C] in [0, 1], as `traverse` gives them.
      latents: [L] the latent of each row of `images`, in any order.
      values: [K] the latent's value in each column, ascending, for instance
        np.linspace(-3, 3, 13); or [L, K], which stand above each row.
      kl: [D] KL of every latent of the model, in nats.
      factors: [D] the factor that each latent follows and its |rho|, as
        `factor_of_latents` gives them; None if factors are not known.
      start: The image that the rows start from: it is shown, and its value
        marked in each row.
      note: What is said of the values instead of their unit.

    Returns:
      The figure. Inactive latents have grey labels; they and those of
      |rho| < 0.3 are not named after a factor.

    Raises:
      UsageError: The arguments do not fit together.
    """
    images, values = np.asarray(images), np.asarray(values, np.float64)
    if images.shape[:2] != (len(latents), values.shape[-1]):
        raise UsageError(
            f"Traversal images have the shape {list(images.shape)}; give "
            f"{len(latents)} rows (latents) of {values.shape[-1]} columns "
            "(values)."
        )
    order = order_by_kl([kl[z] for z in latents])
    latents = [latents[row] for row in order]
    if values.ndim == 2:
        values = values[order]
    names = [f"z{z}" for z in latents]
    nats = [_nats(kl[z]) for z in latents]
    meanings = [meaning_of(z, kl, factors) for z in latents]
    below = MARK if start else GAP
    head = HEAD + (start_height(images) + START_GAP if start else 0)
    mosaic = draw_mosaic(
        images[order],
        Margins(
            left=_room([*names, *nats]),
            right=_room(meanings),
            top=head,
            bottom=SIDE + bool(start) * MARK,
        ),
        gaps=below + ROW_VALUES * (values.ndim - 1),
    )
    _label_columns(mosaic, values, note)
    if start:
        draw_start(mosaic, start, head - SIDE)
    for row, latent in enumerate(latents):
        ink = style.MUTED if is_inactive(kl[latent]) else style.INK
        _label_row(mosaic, row, names[row], nats[row], meanings[row], ink)
        if start:
            of_row = _of_row(values, row)
            mark_value(mosaic, row, start.code[latent], of_row)
    return mosaic.figure


def start_height(images: np.ndarray) -> int:
    """Pixels of a tile of images [L, K, H, W, C]."""
    _, columns, height, width, _ = images.shape
    return height * tile_scale(columns, height, width)


def _of_row(values: np.ndarray, row: int) -> np.ndarray:
    """The values of a row, which has its own or those of all."""
    values = np.asarray(values)
    return values[row] if values.ndim == 2 else values


def _nats(kl: float) -> str:
    return f"{style.number(kl, 2)} nats"


def meaning_of(
    latent: int, kl: Sequence[float], factors: Sequence[FactorOfLatent] | None
) -> str:
    """What a latent does, for its label; nothing if that is not known."""
    if is_inactive(kl[latent]):
        return "inactive"
    if factors is None or factors[latent] is None:
        return ""
    name, rho = factors[latent]
    return "" if rho < WEAK else f"{name}\n|ρ| = {rho:.2f}"


def _room(labels: Sequence[str]) -> int:
    """Pixels of margin that the widest label takes."""
    return round(max(style.text_width(x, style.LABEL) for x in labels)) + 26


def _label_columns(mosaic: Mosaic, values: np.ndarray, note: str) -> None:
    """What the values are, and the values: on top, or above each row."""
    text = {"ha": "center", "va": "baseline", "color": style.INK}
    tops = mosaic.row_centres - mosaic.tile[0] / 2
    size = style.LABEL if values.ndim == 1 else style.SMALL
    for top, of_row in zip(tops, np.atleast_2d(values), strict=False):
        for x, value in zip(mosaic.column_centres, of_row, strict=True):
            label = _text(value, values.ndim == 2)
            mosaic.axes.text(
                x,
                top - 5 - 4 * (values.ndim == 1),
                label,
                fontsize=size,
                **text,
            )
    mosaic.axes.text(
        mosaic.column_centres.mean(),
        -40,
        f"value of the latent: {note}" if note else MEANING_OF_VALUES,
        fontsize=style.LABEL,
        **text,
    )


def _text(value: float, is_long: bool) -> str:
    """With two decimals, or as few as it needs."""
    rounded = round(value, 2) + 0.0  # -0 becomes 0
    return style.number(rounded, 2 if is_long else None)


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
