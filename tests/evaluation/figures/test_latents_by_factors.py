import warnings

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.latents_by_factors import latents_by_factors

KL = [0.001, 2.5, 1.25]


@pytest.fixture
def means(rng):
    return {
        ("x_position", "y_position"): rng.normal(size=(8, 8, 3)),
        ("shape", "scale"): rng.normal(size=(3, 6, 3)),
        ("shape", "orientation"): rng.normal(size=(3, 40, 3)),
    }


def columns_of(figure):
    """Panels of each titled column, from top to bottom."""
    tops = [axes for axes in figure.axes if axes.get_title()]
    return {
        top.get_title(): [
            axes
            for axes in figure.axes
            if np.isclose(axes.get_position().x0, top.get_position().x0)
        ]
        for top in tops
    }


def test_columns_are_latents_by_kl_and_panels_hold_their_means(means):
    columns = columns_of(latents_by_factors(means, KL))
    assert list(columns) == ["z1", "z2", "z0"]
    for name, (position, scale, orientation, *_) in columns.items():
        latent = int(name[1:])
        np.testing.assert_array_equal(
            position.images[0].get_array(),
            means[("x_position", "y_position")][..., latent].T,
        )
        for axes, kept in ((scale, "scale"), (orientation, "orientation")):
            for shape, line in enumerate(axes.lines[1:]):
                np.testing.assert_array_equal(
                    line.get_ydata(), means[("shape", kept)][shape, :, latent]
                )


def test_one_scale_centred_at_zero_for_all_panels(means):
    means[("shape", "scale")][0, 0, 0] = -50
    figure = latents_by_factors(means, KL)
    maps = [image for axes in figure.axes for image in axes.images]
    assert {image.get_clim() for image in maps} == {(-50, 50)}
    curves = [axes for axes in figure.axes if len(axes.lines) > 1]
    limits = {axes.get_ylim() for axes in curves}
    assert len(limits) == 1
    low, high = limits.pop()
    assert low == -high < -50


def test_shapes_differ_in_colour_and_marker_and_are_named(means, texts_of):
    names = ["square", "ellipse", "heart"]
    figure = latents_by_factors(means, KL, shape_names=names)
    assert set(names) <= set(texts_of(figure))
    lines = figure.legends[0].get_lines()
    assert len({line.get_color() for line in lines}) == 3
    assert len({line.get_marker() for line in lines}) == 3
    drawn = columns_of(figure)["z1"][1].lines[1:]
    assert [line.get_color() for line in drawn] == [
        line.get_color() for line in lines
    ]


def test_foot_shows_kl_and_variance(means, texts_of):
    figure = latents_by_factors(means, KL, variance=[0.99, 0.02, 0.3])
    shown = texts_of(figure)
    for text in ("2.50", "1.25", "0.00", "0.02", "0.30", "0.99", "variance"):
        assert text in shown
    bars = next(axes.patches for axes in figure.axes if axes.patches)
    assert [bar.get_height() for bar in bars] == [2.5, 1.25, 0.001]
    titles = {axes.get_title(): axes.title for axes in figure.axes}
    assert to_hex(titles["z0"].get_color()) == style.MUTED
    assert to_hex(titles["z1"].get_color()) == style.INK


def test_other_factors_fall_back_to_a_line_each(rng, texts_of):
    means = {("hue",): rng.random((10, 2)), ("size",): rng.random((4, 2))}
    figure = latents_by_factors(means, [1, 2])
    shown = texts_of(figure)
    assert "hue\n0 to 9 →" in shown
    assert "size\n0 to 3 →" in shown
    assert not figure.legends
    assert not any(axes.images for axes in figure.axes)


@pytest.mark.parametrize("filling", [0.0, np.nan, np.inf, 1e-5])
def test_constant_and_missing_values_are_safe(means, filling, texts_of):
    for mean in means.values():
        mean[:] = filling
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = latents_by_factors(means, [0, 0, np.nan], [1, 1, np.nan])
        assert "nan" in texts_of(figure)


@pytest.mark.parametrize(
    ("latents", "width"), [(1, 544), (10, 1080), (32, 2900)]
)
def test_width_grows_only_when_the_page_is_full(rng, latents, width, texts_of):
    means = {("x_position", "y_position"): rng.normal(size=(8, 8, latents))}
    figure = latents_by_factors(means, np.arange(latents))
    texts_of(figure)
    assert figure.bbox.width == pytest.approx(width, rel=0.1)


def test_refuses_means_of_another_number_of_latents(means):
    with pytest.raises(UsageError, match="2 KL values"):
        latents_by_factors(means, [1, 2])
    with pytest.raises(UsageError, match="KL values"):
        latents_by_factors({}, [])
