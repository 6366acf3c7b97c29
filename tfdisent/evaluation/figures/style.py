"""How every figure looks: its sizes, fonts and colours, in one place."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

WIDTH = 7.2  # Inches: the text width of a printed page, 1080 pixels.
DPI = 150
HEADING = 9  # Points, as all font sizes.
LABEL = 8
SMALL = 7

PAPER = "white"
INK = "#222222"
MUTED = "#8a8a8a"
GRID = "#e4e4e4"
NO_DATA = "#d5d5d5"
ACCENT = "#0072B2"

# Okabe and Ito's colours for all kinds of colour vision; the markers tell the
# same lines apart in black and white.
CATEGORY_COLOURS = (
    "#D55E00",
    "#009E73",
    "#0072B2",
    "#E69F00",
    "#CC79A7",
    "#56B4E9",
)
CATEGORY_MARKERS = ("s", "o", "^", "D", "v", "P")
DIVERGING_COLOURS = "RdBu_r"


def new_figure(width: float, height: float) -> Figure:
    """A blank figure of `width` by `height` inches."""
    return Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)


def new_axes(
    width: float, height: float, *, left=0.0, right=0.0, bottom=0.0, top=0.0
) -> tuple[Figure, Axes]:
    """A figure with axes that leave these margins free; all in inches."""
    figure = new_figure(width, height)
    inner = (
        left / width,
        bottom / height,
        1 - (left + right) / width,
        1 - (bottom + top) / height,
    )
    return figure, figure.add_axes(inner)


def dress(axes: Axes) -> None:
    """Give plot axes the common spines, ticks and grid."""
    axes.set_facecolor(PAPER)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(color=MUTED, linewidth=0.6)
    axes.tick_params(
        labelsize=SMALL, labelcolor=INK, color=MUTED, width=0.6, length=2.5
    )
    axes.set_axisbelow(True)


def category(index: int) -> dict:
    """Colour and marker of category `index`; 36 in a row differ."""
    colours, markers = len(CATEGORY_COLOURS), len(CATEGORY_MARKERS)
    return {
        "color": CATEGORY_COLOURS[index % colours],
        "marker": CATEGORY_MARKERS[(index + index // colours) % markers],
    }


def number(value: float, places: int | None = None) -> str:
    """`value` as text with a true minus sign: "-2.5" becomes "−2.5"."""
    text = f"{value:g}" if places is None else f"{value:.{places}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width in pixels of the widest line of `text`, `size` in points."""
    font = FontProperties(size=size, weight=weight)
    widths = (
        text_to_path.get_text_width_height_descent(line, font, False)[0]
        for line in text.split("\n")
    )
    return max(widths) * DPI / 72
