import numpy as np

from tfdisent.evaluation.factor_values import FactorValues


def test_a_view_has_the_images_with_its_values(squares):
    view = FactorValues(squares, "x_position", [1, 4])
    assert (len(view), view.factor_sizes) == (30, (3, 2, 5))
    assert view.is_product and view.product is view
    everything = np.arange(len(view))
    factors = view.factors_of(everything)
    np.testing.assert_array_equal(view.indices_of(factors), everything)
    whole = factors.copy()
    whole[:, 1] = np.where(factors[:, 1] == 0, 1, 4)
    np.testing.assert_array_equal(
        view.images(everything), squares.images(squares.indices_of(whole))
    )


def test_a_view_says_what_it_holds(squares):
    squares = FactorValues(squares, "scale", [0, 1, 2])
    squares.value_names = {"scale": ("small", "middle", "large")}
    view = FactorValues(squares, "scale", [0, 2])
    assert view.value_names == {"scale": ["small", "large"]}
    assert view.provenance == (
        "subset(scale in small, large) of subset(scale in 0, 1, 2) of "
        "drawn for tests"
    )
