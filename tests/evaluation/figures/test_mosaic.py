import numpy as np
import pytest
from matplotlib.image import imread

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures.mosaic import GAP, Margins, draw_mosaic
from tfdisent.evaluation.figures.save_figure import save_figure

NONE = Margins(0, 0, 0, 0)


def pixels(figure, path):
    save_figure(figure, path)
    return imread(path)[..., :3]


@pytest.mark.parametrize("channels", [1, 3])
def test_every_tile_is_drawn_pixel_for_pixel(tmp_path, rng, channels):
    images = rng.random((2, 13, 64, 64, channels))
    margins = Margins(left=30, right=7, top=20, bottom=5)
    drawn = pixels(draw_mosaic(images, margins).figure, tmp_path / "m.png")
    step = 64 + GAP
    assert drawn.shape[:2] == (
        20 + 2 * step - GAP + 5,
        30 + 13 * step - GAP + 7,
    )
    for row in range(2):
        for column in range(13):
            top, left = 20 + row * step, 30 + column * step
            tile = drawn[top : top + 64, left : left + 64]
            np.testing.assert_allclose(
                tile,
                np.broadcast_to(images[row, column], tile.shape),
                atol=1 / 255,
            )
    assert (drawn[:, 30 + 64 : 30 + 64 + GAP] == 1).all()


def test_small_images_are_enlarged_by_a_whole_number(tmp_path, rng):
    images = rng.random((1, 40, 7, 7, 1))
    drawn = pixels(draw_mosaic(images, NONE).figure, tmp_path / "m.png")
    assert drawn.shape[0] == 49
    np.testing.assert_allclose(
        drawn[::7, :49:7, 0], images[0, 0, ..., 0], atol=1 / 255
    )
    assert (drawn[:7, :7] == drawn[0, 0]).all()


def test_values_out_of_range_are_clipped_and_nan_is_grey(tmp_path):
    images = np.array([-5, 7, np.nan]).reshape(1, 3, 1, 1, 1)
    drawn = pixels(draw_mosaic(images, NONE).figure, tmp_path / "m.png")
    middles = drawn[20, [20, drawn.shape[1] // 2, -20], 0]
    np.testing.assert_allclose(middles, [0, 1, 0.5], atol=1 / 255)


@pytest.mark.parametrize(
    "shape", [(2, 64, 64, 1), (1, 2, 8, 8, 2), (0, 2, 8, 8, 1)]
)
def test_refuses_what_is_no_grid_of_images(shape):
    with pytest.raises(UsageError, match="1 or 3 channels"):
        draw_mosaic(np.zeros(shape), NONE)


def test_rows_are_as_far_apart_as_told(tmp_path, rng):
    images = rng.random((3, 2, 50, 50, 1))
    mosaic = draw_mosaic(images, NONE, gaps=[10, 30])
    drawn = pixels(mosaic.figure, tmp_path / "m.png")
    size = mosaic.tile[0]
    assert drawn.shape[0] == 3 * size + 40
    np.testing.assert_array_equal(
        mosaic.row_centres, size / 2 + np.array([0, size + 10, 2 * size + 40])
    )
    for row, centre in enumerate(mosaic.row_centres):
        middle = images[row, 0, 25, 25, 0]
        scale = size // 50
        y, x = int(centre), 25 * scale
        assert drawn[y, x, 0] == pytest.approx(middle, abs=1 / 255)
    assert (drawn[size : size + 10] == 1).all()
