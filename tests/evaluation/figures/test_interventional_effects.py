import numpy as np
from matplotlib.colors import to_hex

from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.interventional_effects import (
    effects_of,
    interventional_effects,
)
from tfdisent.metrics.codes import draw_table
from tfdisent.metrics.irs import irs
from tfdisent.metrics.samplers import FunctionSampler

SIZES = (3, 8, 5)
QUANTILE = 0.9
LATENTS = [4, 7, 5]
KL = [0.01, 2.0, 1.0]


def mixed(factors):
    """Latents that follow factor 1, factors 0 and 2, and factor 2."""
    a, b, c = factors.T.astype(float)
    return np.stack([b, a + 0.5 * c, c**2], axis=1)


def measured():
    sampler = FunctionSampler(SIZES, mixed)
    found = irs(sampler, np.random.default_rng(3), quantile=QUANTILE)
    table = draw_table(sampler, 10_000, np.random.default_rng(3))
    effects = [
        effects_of(table.codes, column, QUANTILE) for column in table.factors.T
    ]
    largest = np.abs(table.codes - table.codes.mean(axis=0)).max(axis=0)
    return found["irs/matrix"], effects, largest


def test_the_bands_are_those_of_the_metric():
    matrix, effects, largest = measured()
    of_bands = [1 - e.deviation.mean(axis=0) / largest for e in effects]
    np.testing.assert_allclose(np.transpose(of_bands), matrix, atol=1e-12)


def test_effects_by_hand():
    codes = np.array([[0.0], [4.0], [10.0], [10.0], [13.0]])
    effects = effects_of(codes, np.array([7, 7, 2, 2, 2]), quantile=1)
    np.testing.assert_array_equal(effects.values, [2, 7])
    np.testing.assert_allclose(effects.mean, [[11], [2]])
    np.testing.assert_allclose(effects.deviation, [[2], [2]])


def test_columns_by_kl_with_the_numbers_of_the_matrix(texts_of):
    matrix, effects, largest = measured()
    names = ["first", "second", "third"]
    figure = interventional_effects(
        effects, names, matrix, largest, KL, latents=LATENTS, quantile=QUANTILE
    )
    shown = texts_of(figure)
    assert [t for t in shown if t[0] == "z" and t[1:]] == ["z7", "z5", "z4"]
    assert "second\n8 values →" in shown
    assert any("band: 90 % of images" in text for text in shown)
    panels = np.reshape(figure.axes[:9], (3, 3))
    for k, row in enumerate(panels):
        for latent, axes in zip([1, 2, 0], row, strict=True):
            written = [t.get_text() for t in axes.texts]
            assert written == [style.number(matrix[latent, k], 2)]
            np.testing.assert_allclose(
                axes.lines[1].get_ydata(), effects[k].mean[:, latent]
            )
            colour = to_hex(axes.collections[0].get_facecolor()[0])
            is_best = matrix[latent].argmax() == k
            assert colour == (style.ACCENT if is_best else style.MUTED).lower()
    bars = [patch.get_height() for patch in figure.axes[9].patches]
    np.testing.assert_allclose(bars, matrix.max(axis=1)[[1, 2, 0]])
