import os

import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from tfdisent.errors import RunError
from tfdisent.evaluation.figures.curves import loss_curves
from tfdisent.evaluation.figures.reconstructions import reconstructions
from tfdisent.evaluation.figures.save_figure import save_figure
from tfdisent.evaluation.figures.style import new_figure


def test_size_in_pixels(tmp_path):
    save_figure(new_figure(2, 1), tmp_path / "a.png")
    assert imread(tmp_path / "a.png").shape[:2] == (150, 300)


def test_equal_figures_give_equal_bytes(tmp_path, rng):
    images = rng.random((2, 8, 8, 1))
    for name in "ab":
        save_figure(reconstructions(images, images), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert b"Software" not in (tmp_path / "a").read_bytes()


def test_makes_folders_and_replaces(tmp_path):
    path = tmp_path / "new" / "figures" / "a.png"
    save_figure(new_figure(1, 1), path)
    save_figure(new_figure(2, 1), path)
    assert imread(path).shape[1] == 300
    assert [p.name for p in path.parent.iterdir()] == ["a.png"]


def test_failure_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    save_figure(new_figure(1, 1), path)
    before = path.read_bytes()

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(RunError, match=r"a\.png.*No space left"):
        save_figure(new_figure(2, 1), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_file_in_place_of_the_folder_is_one_clear_error(tmp_path):
    (tmp_path / "figures").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        save_figure(Figure(), tmp_path / "figures" / "a.png")


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_vector_files_have_equal_bytes_and_no_date(tmp_path, ending):
    for name in "ab":
        figure = loss_curves([{"step": n, "rate": 1.0} for n in (1, 2)])
        save_figure(figure, tmp_path / f"{name}.{ending}")
    first = (tmp_path / f"a.{ending}").read_bytes()
    assert first == (tmp_path / f"b.{ending}").read_bytes()
    assert first.lstrip()[:4] in (b"<?xm", b"%PDF")
    for said in (b"atplotlib v", b"dc:date", b"CreationDate"):
        assert said not in first
