"""What a model makes of codes of the prior."""

import numpy as np
from matplotlib.figure import Figure

from tfdisent.evaluation.figures.mosaic import Margins, draw_mosaic

COLUMNS = 12


def samples(images: np.ndarray) -> Figure:
    """Draws images row by row, without labels.

    Args:
      images: `[n, H, W, C]` in [0, 1], C = 1 or 3, n a multiple of 12.

    Returns:
      The figure.
    """
    rows = np.reshape(images, (-1, COLUMNS, *np.shape(images)[1:]))
    return draw_mosaic(rows, Margins(14, 14, 14, 14)).figure
