import numpy as np
import pytest
from matplotlib.colors import to_hex

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.traversals import traversals, traverse


def show_codes(codes):
    """A decoder whose images are their codes."""
    return codes.reshape(-1, 1, codes.shape[1], 1)


def test_only_the_moved_latent_changes():
    start = np.array([0.1, 0.2, 0.3], np.float32)
    images = traverse(start, show_codes, latents=[2, 0], values=[-3, 0, 3])
    assert images.shape == (2, 3, 1, 3, 1)
    for row, latent in enumerate([2, 0]):
        for column, value in enumerate([-3, 0, 3]):
            expected = start.copy()
            expected[latent] = value
            np.testing.assert_array_equal(
                images[row, column, 0, :, 0], expected
            )
    np.testing.assert_array_equal(start, np.float32([0.1, 0.2, 0.3]))


@pytest.mark.parametrize("latents", [[3], [-1]])
def test_refuses_latents_that_do_not_exist(latents):
    with pytest.raises(UsageError, match="choose from 0 to 2"):
        traverse(np.zeros(3), show_codes, latents, [0])


def test_refuses_a_batch_of_codes():
    with pytest.raises(UsageError, match="one code"):
        traverse(np.zeros((2, 3)), show_codes, [0], [0])


KL = [0.004, 2.414, 0.7, 1.2]
FACTORS = [("scale", 0.9), ("x_position", 0.976), None, ("shape", 0.1)]


def rows_of_grey(count, columns=13, channels=1):
    """Row r of images is of grey r / 10."""
    grey = np.arange(count).reshape(-1, 1, 1, 1, 1) / 10
    return np.broadcast_to(grey, (count, columns, 64, 64, channels))


@pytest.mark.parametrize("channels", [1, 3])
def test_rows_and_labels_are_sorted_by_kl(texts_of, channels):
    figure = traversals(
        rows_of_grey(4, channels=channels),
        latents=[3, 0, 1, 2],
        values=np.linspace(-3, 3, 13),
        kl=KL,
        factors=FACTORS,
    )
    shown = texts_of(figure)
    assert [t for t in shown if t.startswith("z")] == ["z1", "z3", "z2", "z0"]
    assert [t for t in shown if t.endswith("nats")] == [
        "2.41 nats",
        "1.20 nats",
        "0.70 nats",
        "0.00 nats",
    ]
    tiles = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(tiles[32::68, 0, 0], [0.2, 0.0, 0.3, 0.1])


def test_meanings_of_active_latents_only(texts_of):
    figure = traversals(
        rows_of_grey(4), [0, 1, 2, 3], np.linspace(-3, 3, 13), KL, FACTORS
    )
    shown = texts_of(figure)
    assert "x_position\n|ρ| = 0.98" in shown
    assert "inactive" in shown
    assert not any("scale" in t or "shape" in t for t in shown)
    inks = {t.get_text(): to_hex(t.get_color()) for t in figure.axes[0].texts}
    assert inks["z0"] == inks["inactive"] == style.MUTED
    assert inks["z1"] == style.INK


def test_columns_show_the_values_of_the_prior(texts_of):
    values = np.linspace(-3, 3, 13)
    figure = traversals(rows_of_grey(4), [0, 1, 2, 3], values, KL, FACTORS)
    shown = texts_of(figure)
    start = shown.index("\N{MINUS SIGN}3")
    assert shown[start : start + 13] == [
        f"{v:g}".replace("-", "\N{MINUS SIGN}") for v in values
    ]
    assert any("standard deviations of the prior" in t for t in shown)
    assert 900 <= figure.bbox.width <= 1200


def test_works_without_factors_and_with_unknown_kl(texts_of):
    figure = traversals(rows_of_grey(2), [0, 1], range(13), [np.nan, 1.0])
    shown = texts_of(figure)
    assert [t for t in shown if t.startswith("z")] == ["z1", "z0"]
    assert not any("ρ" in t for t in shown)


def test_labels_of_neighbouring_rows_do_not_touch(texts_of):
    small = np.zeros((3, 30, 20, 20, 1))
    figure = traversals(small, [0, 1, 2], range(30), [3, 2, 1], FACTORS[:3])
    texts_of(figure)
    boxes = [
        t.get_window_extent()
        for t in figure.axes[0].texts
        if t.get_ha() == "right"
    ]
    overlaps = sum(a.overlaps(b) for a in boxes for b in boxes if a is not b)
    assert len(boxes) == 6
    assert overlaps == 0


def test_refuses_a_grid_of_another_size():
    with pytest.raises(UsageError, match="5 rows .* 13 columns"):
        traversals(rows_of_grey(4), range(5), range(13), np.ones(5))
