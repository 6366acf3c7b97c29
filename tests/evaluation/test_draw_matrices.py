import numpy as np
import pytest

from tfdisent.evaluation import draw_matrices as module
from tfdisent.evaluation.draw_matrices import draw_matrices


def evaluation(key, name, shape, kl=None):
    entry = {"matrices": {name: np.zeros(shape).tolist()}}
    images = {} if kl is None else {"images": {"kl_per_latent": kl}}
    return {
        "data": {"factor_names": ["scale", "x_position"]},
        "metrics": {key: entry, "without": {}},
        **images,
    }


@pytest.fixture
def drawn(monkeypatch):
    """Arguments of every figure."""
    calls = []

    def figure(matrix, title, rows, columns, **options):
        calls.append((title, rows, columns, options))

    monkeypatch.setattr(module, "metric_matrix", figure)
    monkeypatch.setattr(module, "save_figure", lambda figure, path: None)
    return calls


def test_rows_are_latents_and_columns_factors(drawn, tmp_path):
    kl = [0.1, 2.0, 1.0]
    found = evaluation("irs(quantile=1)", "irs/matrix", (3, 2), kl)
    [path] = draw_matrices(found, tmp_path)
    [(title, rows, columns, options)] = drawn
    assert path == tmp_path / "irs-quantile=1-matrix.png"
    assert title == "matrix of irs(quantile=1)"
    assert rows == ["z0", "z1", "z2"] and columns == ["scale", "x position"]
    assert options == {"kl": kl, "unit": ""}


@pytest.mark.parametrize(
    "name, rows, columns",
    [
        ("irs/matrix", ["z0", "z1"], ["scale", "x position"]),
        ("unfairness/matrix", ["scale", "x position"], ["scale", "x position"]),
        ("mean_pairwise_mi/mi_matrix", ["z0", "z1"], ["z0", "z1"]),
    ],
)
def test_as_many_latents_as_factors_are_not_mixed_up(
    drawn, tmp_path, name, rows, columns
):
    key = name.split("/")[0]
    draw_matrices(evaluation(key, name, (2, 2)), tmp_path)
    assert drawn[0][1:3] == (rows, columns)


def test_files_are_pictures(tmp_path):
    found = evaluation("modularity", "modularity/mi_matrix", (3, 2))
    [path] = draw_matrices(found, tmp_path / "figures")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_thousands_of_latents_are_not_drawn(tmp_path):
    found = evaluation("irs", "irs/matrix", (300, 2))
    assert draw_matrices(found, tmp_path) == []


def test_matrices_of_before_go_and_all_else_stays(drawn, tmp_path):
    for name in ("old.png", "old.svg", "notes.txt"):
        (tmp_path / name).touch()
    draw_matrices(evaluation("irs", "irs/matrix", (3, 2)), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
