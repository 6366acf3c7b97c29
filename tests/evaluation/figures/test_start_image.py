import numpy as np
from matplotlib.image import imread

from tfdisent.evaluation.figures.save_figure import save_figure
from tfdisent.evaluation.figures.start_image import Start
from tfdisent.evaluation.figures.traversals import traversals

VALUES = np.linspace(-3, 3, 13)
KL = [0.5, 2.0, 1.0]


def drawn(code, values=VALUES, note=""):
    images = np.zeros((3, 13, 64, 64, 1))
    start = Start(
        "image 5",
        np.full((64, 64, 1), 0.2),
        np.full((64, 64, 1), 0.6),
        np.array(code),
    )
    return traversals(images, range(3), values, KL, start=start, note=note)


def marks(figure):
    """Of each row its marker and place in pixels of the tiles."""
    lines = figure.axes[0].lines[1:]  # The first explains it.
    return [
        (line.get_marker(), *map(float, line.get_xydata()[0])) for line in lines
    ]


def test_the_value_of_the_image_is_marked_in_its_row():
    found = marks(drawn([0.25, -3.0, 2.0]))
    rows = [(z, top) for z, top in zip([1, 2, 0], [0, 79, 158], strict=True)]
    assert [y for *_, y in found] == [top + 64 + 7.5 for _, top in rows]
    # Tiles are 68 pixels apart and their values 0.5.
    places = {1: 32, 2: 32 + 10 * 68, 0: 32 + 6.5 * 68}
    for (marker, x, _), (latent, _) in zip(found, rows, strict=True):
        assert (marker, x) == ("^", places[latent])


def test_a_value_beyond_the_ends_points_out_of_its_row():
    found = marks(drawn([-4.0, 3.5, 3.0]))
    assert found[0][:2] == (">", 32 + 12 * 68 + 32)
    assert found[1][:2] == ("^", 32 + 12 * 68)
    assert found[2][:2] == ("<", 0)


def test_rows_with_values_of_their_own(texts_of):
    values = np.stack([VALUES, 2 * VALUES, VALUES / 3])
    figure = drawn([0.25, -3.0, 0.5], values, "mine")
    shown = texts_of(figure)
    assert "value of the latent: mine" in shown
    numbers = [t for t in shown if t[-3:-2] == "."]
    assert numbers[:2] == ["−6.00", "−5.00"]
    assert numbers[13] == "−1.00" and numbers[26] == "−3.00"
    assert len(numbers) == 39
    x = [32 + 3 * 68, 32 + 9 * 68, 32 + 6.5 * 68]
    np.testing.assert_allclose([place for _, place, _ in marks(figure)], x)


def test_the_image_and_its_reconstruction_are_shown(texts_of, tmp_path):
    figure = drawn([0, 0, 0])
    assert "image 5 and its reconstruction" in texts_of(figure)
    assert figure.axes[0].get_ylim() == (3 * 64 + 2 * 15, 0)
    save_figure(figure, tmp_path / "a.png")
    pixels = imread(tmp_path / "a.png")[..., 0]
    left = round(figure.axes[0].get_window_extent().x0)
    for x, level in ((left, 0.2), (left + 68, 0.6)):
        tile = pixels[14 : 14 + 64, x : x + 64]
        np.testing.assert_allclose(tile, level, atol=1 / 255)
    np.testing.assert_allclose(pixels[12, left], 1)
