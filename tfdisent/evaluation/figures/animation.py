"""Latents that move there and back, as pictures that follow each other."""

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.latents import is_inactive, order_by_kl
from tfdisent.evaluation.figures.mosaic import enlarged
from tfdisent.evaluation.figures.traversals import FactorOfLatent, meaning_of

COLUMNS = 5
TILE = 128  # Pixels, about.
EDGE, GAP = 12, 12  # Pixels around the tiles and between them.
ABOVE, BELOW = 40, 16  # Pixels of a tile's labels, and of its slider.
FOOT = 26  # Pixels of a line of text below all tiles.
KNOB = 7  # Pixels.
QUALITY = 80
MILLISECONDS = 50  # Of a picture; browsers show none for less than 20.


class Animation(NamedTuple):
    """Pictures `[n, H, W, 3]` uint8 of the same duration, in a loop."""

    frames: np.ndarray
    milliseconds: int = MILLISECONDS

    def encoded(self) -> bytes:
        """The bytes of a WebP file.

        Ten latents of dSprites make 0.3 MB, a grey level of 255 off at most on
        average; GIF makes 0.7 MB and is four times as far off.
        """
        first, *others = [Image.fromarray(frame) for frame in self.frames]
        content = io.BytesIO()
        first.save(
            content,
            "WEBP",
            save_all=True,
            append_images=others,
            duration=self.milliseconds,
            loop=0,
            quality=QUALITY,
        )
        return content.getvalue()


def there_and_back(count: int) -> list[int]:
    """0, 1, ..., count - 1, ..., 1: a loop that shows no end twice."""
    return [*range(count), *range(count - 2, 0, -1)]


def animation(
    images: np.ndarray,
    latents: Sequence[int],
    kl: Sequence[float],
    factors: Sequence[FactorOfLatent] | None = None,
    note: str = "",
) -> Animation:
    """Moves all latents at once, each in its own tile, the largest KL first.

    Args:
      images: [L, K, H, W, C] in [0, 1], as `traverse` gives them.
      latents: [L] the latent of each row of `images`, in any order.
      kl: [D] KL of every latent of the model, in nats.
      factors: [D] as for `traversals`.
      note: What is said of the values below the tiles.

    Returns:
      2 K - 2 pictures: there and back.

    Raises:
      UsageError: There are not as many latents as rows, or fewer than two
        values.
    """
    images = np.asarray(images, np.float32)
    if len(images) != len(latents) or images.shape[1] < 2:
        raise UsageError(
            f"Images {list(images.shape)} do not fit {len(latents)} latents; "
            "give a row for each, of two values or more."
        )
    order = order_by_kl([kl[z] for z in latents])
    scale = max(1, round(TILE / images.shape[3]))
    tiles = np.stack([enlarged(images[row], scale) for row in order])
    tiles = np.rint(tiles * 255).astype(np.uint8)
    latents = [latents[row] for row in order]
    meanings = [meaning_of(z, kl, factors).partition("\n")[0] for z in latents]
    inks = [style.MUTED if is_inactive(kl[z]) else style.INK for z in latents]
    labels = list(zip([f"z{z}" for z in latents], meanings, inks, strict=True))
    return _animated(tiles, labels, note)


def _animated(
    tiles: np.ndarray,
    labels: Sequence[tuple[str, str, str]],
    note: str,
) -> Animation:
    """Tiles [L, K, h, w, 3] uint8 under their labels, in front of paper."""
    count, steps, height, width, _ = tiles.shape
    widths = [style.text_width(text, style.SMALL) for _, text, _ in labels]
    cell = max(width, *map(round, widths)) + GAP
    columns = min(count, COLUMNS)
    rows = -(-count // columns)
    pitch = ABOVE + height + BELOW
    corners = [
        (EDGE + i // columns * pitch, EDGE + i % columns * cell)
        for i in range(count)
    ]
    needed = round(style.text_width(note, style.SMALL)) + EDGE
    across = max(columns * cell - GAP, needed)
    size = (2 * EDGE + rows * pitch + FOOT, 2 * EDGE + across)
    paper = _paper(size, corners, labels, note)
    frames = np.repeat(paper[None], steps, axis=0)
    for of_latent, (y, x) in zip(tiles, corners, strict=True):
        top = y + ABOVE
        frames[:, top : top + height, x : x + width] = of_latent
        _draw_slider(frames, top + height + BELOW // 2, x, width)
    return Animation(frames[there_and_back(steps)])


def _paper(
    size: tuple[int, int],
    corners: Sequence[tuple[int, int]],
    labels: Sequence[tuple[str, str, str]],
    note: str,
) -> np.ndarray:
    """What does not move: [height, width, 3] uint8 with all labels."""
    height, width = size
    figure = style.new_figure(width / style.DPI, height / style.DPI)
    canvas = FigureCanvasAgg(figure)
    for (y, x), (name, meaning, ink) in zip(corners, labels, strict=True):
        place = (x / width, 1 - (y + ABOVE / 2) / height)
        text = {"fontsize": style.SMALL, "color": ink}
        figure.text(*place, name, va="bottom", weight="bold", **text)
        figure.text(*place, meaning, va="top", **text)
    place = (EDGE / width, EDGE / height)
    text = {"fontsize": style.SMALL, "color": style.INK}
    figure.text(*place, note, va="bottom", **text)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def _draw_slider(frames: np.ndarray, y: int, x: int, width: int) -> None:
    """A line from the first to the last value, and a knob at each picture's."""
    half = KNOB // 2
    frames[:, y, x : x + width] = _levels(style.MUTED)
    places = np.linspace(x, x + width - KNOB, len(frames)).round().astype(int)
    for frame, place in zip(frames, places, strict=True):
        knob = frame[y - half : y + half + 1, place : place + KNOB]
        knob[:] = _levels(style.ACCENT)


def _levels(color: str) -> np.ndarray:
    return np.rint(np.multiply(to_rgb(color), 255)).astype(np.uint8)
