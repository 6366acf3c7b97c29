import itertools

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures.code_grid import code_grid, combinations
from tfdisent.evaluation.figures.mosaic import GAP


def test_all_combinations_come_once_and_the_last_latent_is_fastest():
    codes = np.float32([7, 8, 9, 10])
    found = combinations(codes, [2, 0], [-1, 0, 1])
    assert found.dtype == np.float32
    expected = [
        [inner, 8, outer, 10]
        for outer, inner in itertools.product([-1, 0, 1], repeat=2)
    ]
    np.testing.assert_array_equal(found, expected)


def test_the_mosaic_of_the_report_has_27_columns_of_inner_loops():
    """9 values of 3 latents; each image's grey is what its code says."""
    seen = []

    def decode(codes):
        seen.append(codes)
        grey = (codes @ [100, 10, 1]) / 1000 + 0.5
        return np.tile(grey[:, None, None, None], (1, 48, 48, 1))

    values = np.linspace(-2, 2, 9)
    figure = code_grid(decode, np.zeros(3), [0, 1, 2], values)
    (codes,) = seen
    assert len(codes) == 729
    tiles = figure.axes[0].images[0].get_array()
    size = 48 + GAP
    assert tiles.shape[:2] == (27 * size - GAP, 27 * size - GAP)
    for i in (0, 1, 26, 27, 400, 728):
        row, column = divmod(i, 27)
        grey = (codes[i] @ [100, 10, 1]) / 1000 + 0.5
        tile = tiles[row * size + 5, column * size + 5]
        np.testing.assert_allclose(tile, grey, atol=1e-5)
    (text,) = figure.texts
    assert text.get_text().startswith("z0, z1, z2 over −2, −1.5, −1,")


@pytest.mark.parametrize(
    ("latents", "values", "words"),
    [
        ([0, 1, 2, 3], np.arange(9), "6,561 images; 4,096 are the most"),
        ([4], [0], "no latent 4; choose from 0 to 3"),
        ([-1], [0], "no latent -1"),
    ],
)
def test_what_cannot_be_drawn_is_told(latents, values, words):
    with pytest.raises(UsageError, match=words):
        combinations(np.zeros(4), latents, values)
