"""Images beside what a model makes of them."""

import numpy as np
from matplotlib.figure import Figure

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.mosaic import Margins, draw_mosaic

ROWS = ("original", "reconstruction")


def reconstructions(images: np.ndarray, reconstructed: np.ndarray) -> Figure:
    """Draw originals in one row and their reconstructions below.

    Args:
      images: [n, H, W, C] in [0, 1], C = 1 or 3; about 8 fill a page.
      reconstructed: [n, H, W, C], the means of p(x | z), clipped to [0, 1].

    Returns:
      The figure.

    Raises:
      UsageError: The two arrays differ in shape, or hold no images.
    """
    if np.shape(images) != np.shape(reconstructed):
        raise UsageError(
            f"Images {list(np.shape(images))} and reconstructions "
            f"{list(np.shape(reconstructed))} differ in shape; give one "
            "reconstruction for each image."
        )
    widest = max(style.text_width(row, style.LABEL) for row in ROWS)
    mosaic = draw_mosaic(
        np.stack([images, reconstructed]),
        Margins(left=round(widest) + 26, right=14, top=14, bottom=14),
    )
    for row, y in zip(ROWS, mosaic.row_centres, strict=True):
        mosaic.axes.text(
            -12,
            y,
            row,
            ha="right",
            va="center",
            fontsize=style.LABEL,
            color=style.INK,
        )
    return mosaic.figure
