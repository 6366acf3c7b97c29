import numpy as np

from tfdisent.evaluation.figures.comparison import Row, comparison


def row(level, name, meaning=""):
    return Row(np.full((9, 64, 64, 1), level), name, meaning)


def test_rows_stand_under_the_titles_of_their_parts(texts_of):
    long = "runs/" + 30 * "x" + "/seed0"
    figure = comparison(
        [
            (
                "Reconstructions of a title that is far longer " * 3,
                [row(0.1, "original"), row(0.2, "a")],
            ),
            ("Nothing", []),
            ("Traversals", [row(0.3, f"{long}\nz3", "scale")]),
        ]
    )
    shown = texts_of(figure)  # Each within the figure.
    assert "Nothing" not in shown
    assert {"original", "a", "Traversals", "scale"} <= set(shown)
    name = next(t for t in shown if t.endswith("z3"))
    assert name == f"…{long[-23:]}\nz3"
    tiles = figure.axes[0].images[0].get_array()
    tops = [0, 68, 68 + 64 + 44]
    np.testing.assert_allclose(
        tiles[np.array(tops) + 32, 5, 0], [0.1, 0.2, 0.3]
    )
    assert tiles.shape[0] == tops[-1] + 64
    assert (tiles[132:176] == 1).all()
