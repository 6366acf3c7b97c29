import numpy as np

from tfdisent.evaluation.figures.mosaic import GAP
from tfdisent.evaluation.figures.samples import samples


def test_images_stand_row_by_row():
    greys = np.linspace(0, 1, 24)
    images = np.tile(greys[:, None, None, None], (1, 48, 48, 1))
    tiles = samples(images).axes[0].images[0].get_array()
    size = (tiles.shape[1] + GAP) // 12
    for i in (0, 11, 12, 23):
        row, column = divmod(i, 12)
        tile = tiles[row * size + 5, column * size + 5]
        np.testing.assert_allclose(tile, greys[i], atol=1e-6)
