import numpy as np
import pytest

from tfdisent.errors import NotApplicable
from tfdisent.evaluation.figures.principal_components import (
    first_components,
    principal_components,
)


@pytest.fixture
def codes(rng):
    turned = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return rng.normal(size=(500, 4)) * [3.0, 2.0, 0.5, 0.1] @ turned + 1


def test_the_plane_is_that_of_a_singular_value_decomposition(codes):
    plane = first_components(codes)
    centred = codes - codes.mean(axis=0)
    _, scales, right = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(
        plane.explained, scales[:2] ** 2 / (scales**2).sum()
    )
    signs = np.sign((plane.directions * right[:2]).sum(axis=1))[:, None]
    np.testing.assert_allclose(plane.directions, signs * right[:2], atol=1e-10)
    np.testing.assert_allclose(
        plane.project(codes), centred @ (signs * right[:2]).T, atol=1e-9
    )
    largest = np.abs(plane.directions).argmax(axis=1)
    assert (plane.directions[[0, 1], largest] > 0).all()


def test_every_walk_is_drawn_with_looks_of_its_own(texts_of, codes):
    walks = [(f"factor_{k}", codes[k : k + 5]) for k in range(12)]
    figure = principal_components(codes, walks, codes[0])
    (axes,) = figure.axes
    plane = first_components(codes)
    lines = {line.get_label(): line for line in axes.lines}
    for name, walk in walks:
        drawn = lines[name].get_xydata()
        np.testing.assert_allclose(drawn, plane.project(walk))
    looks = {(lines[n].get_color(), lines[n].get_marker()) for n, _ in walks}
    assert len(looks) == 12
    np.testing.assert_allclose(
        lines["start"].get_xydata(), plane.project(codes[:1])
    )
    shown = texts_of(figure)
    percent = f"{100 * plane.explained[0]:.0f} % of the variance"
    assert any(t.startswith("first") and percent in t for t in shown)
    assert {"factor_11", "start"} <= set(shown)


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (np.arange(5.0)[:, None], "there are 1, of which 1 vary"),
        (np.ones((5, 3)), "there are 3, of which 0 vary"),
    ],
)
def test_refuses_what_has_no_plane(codes, told):
    with pytest.raises(NotApplicable, match=told):
        first_components(codes)
