import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures.reconstructions import reconstructions


@pytest.mark.parametrize("channels", [1, 3])
def test_originals_stand_above_reconstructions(texts_of, channels):
    figure = reconstructions(
        np.zeros((8, 64, 64, channels)), np.ones((8, 64, 64, channels))
    )
    assert texts_of(figure) == ["original", "reconstruction"]
    original, reconstruction = figure.axes[0].texts
    assert (
        original.get_window_extent().y0 > reconstruction.get_window_extent().y1
    )
    (tiles,) = figure.axes[0].images
    assert tiles.get_array()[0, 0, 0] == 0
    assert tiles.get_array()[-1, 0, 0] == 1
    assert 900 <= figure.bbox.width <= 1250


def test_refuses_arrays_of_different_shapes():
    with pytest.raises(UsageError, match=r"\[2, 8, 8, 1\].*\[3, 8, 8, 1\]"):
        reconstructions(np.zeros((2, 8, 8, 1)), np.zeros((3, 8, 8, 1)))
