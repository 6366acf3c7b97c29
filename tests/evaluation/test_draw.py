"""Figures of a run that are asked for by name, and runs side by side."""

import json

import numpy as np
import pytest
from PIL import Image

from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import NotApplicable, UsageError
from tfdisent.evaluation import draw
from tfdisent.evaluation.draw import FIGURES, USUAL, draw_run, draw_runs
from tfdisent.evaluation.draw_comparison import draw_comparison
from tfdisent.evaluation.draw_factors import draw_interventions, draw_pca
from tfdisent.evaluation.draw_subject import Subject, Walk
from tfdisent.evaluation.draw_walks import draw_traversals, values_of
from tfdisent.evaluation.figures.principal_components import first_components
from tfdisent.evaluation.figures.style import number
from tfdisent.evaluation.representation import Representation
from tfdisent.metrics.irs import irs


@pytest.fixture
def subject(model, squares, tmp_path):
    return Subject(model, squares, tmp_path, num_images=400)


def texts_of(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_all_figures_by_name_and_format(model, squares, tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "NUM_IMAGES", 100)
    record = {"step": 1, "seconds": 1, "rate": 2.0, "kl_per_latent": [1.0] * 4}
    (tmp_path / "log.jsonl").write_text(json.dumps(record) + "\n")
    matrices = {"irs/matrix": np.ones((4, 3)).tolist()}
    evaluation = {
        "evaluated_with": {},
        "data": {"factor_names": squares.factor_names},
        "metrics": {"irs": {"matrices": matrices}},
    }
    (tmp_path / "evaluation.json").write_text(json.dumps(evaluation))
    walk = Walk(latents=[3, 1])
    paths = draw_run(
        model, squares, tmp_path, figures=FIGURES, walk=walk, formats=["svg"]
    )
    folder = tmp_path / "figures"
    stills = [n for n in FIGURES if n not in ("animation", "metrics")]
    assert set(paths) == {
        *(folder / f"{name}.svg" for name in stills),
        folder / "metrics/irs-matrix.svg",
        folder / "animation.webp",
    }
    moving = Image.open(folder / "animation.webp")
    assert moving.n_frames == 48
    assert moving.width < 3 * 140 + 60  # Two latents.


def test_what_is_not_possible_is_told_in_one_sentence(model, squares, tmp_path):
    rows = squares.images(np.arange(75))
    bare = RowsDataset(rows, np.zeros((75, 0)), name="bare", provenance="mine")
    for name in ("pca", "latents_by_factors", "capacity", "metrics"):
        with pytest.raises(UsageError, match=f"{name} cannot be drawn: .*\\.$"):
            draw_run(model, bare, tmp_path, figures=[name])
    assert not (tmp_path / "figures").exists()


def test_the_others_are_drawn_before_it_is_told(model, squares, tmp_path):
    told = (
        "^capacity cannot be drawn: .* metrics cannot be drawn: .* 1 of 3 are"
    )
    figures = ["capacity", "samples", "metrics"]
    with pytest.raises(UsageError, match=told):
        draw_run(model, squares, tmp_path, figures=figures)
    drawn = [path.name for path in (tmp_path / "figures").iterdir()]
    assert drawn == ["samples.png"]


def test_values_are_those_of_the_range(subject):
    np.testing.assert_allclose(values_of(subject, 3), [-3, 0, 3])
    subject.walk = Walk(reach=2.0)
    np.testing.assert_allclose(values_of(subject, 5), [-2, -1, 0, 1, 2])
    subject.walk = Walk(reach=None, latents=[2, 0])
    mean = np.tile(np.arange(4.0), (20_000, 1))
    subject.posteriors = mean, np.full_like(mean, 2.0)
    steps = 2 * 2.326 * np.linspace(-1, 1, 5)  # The 99 % quantile is 2.326.
    expected = [2 + steps, steps]
    np.testing.assert_allclose(values_of(subject, 5), expected, atol=0.2)


def test_traversals_start_from_the_image_asked_for(subject, squares):
    middle = squares.indices_of(np.array([[1, 2, 2]]))[0]
    assert f"image {middle} and its reconstruction" in texts_of(
        draw_traversals(subject)
    )
    other = Subject(
        subject.model,
        squares,
        subject.workdir,
        num_images=100,
        walk=Walk(start=7, latents=[1]),
    )
    start = other.start_image()
    np.testing.assert_array_equal(start.image, squares.images([7])[0] / 255.0)
    code = other.representation.encode(start.image[None])[0]
    np.testing.assert_allclose(start.code, code, atol=1e-5)
    shown = texts_of(draw_traversals(other))
    assert [t for t in shown if t[:1] == "z"] == ["z1"]


@pytest.mark.parametrize(
    ("walk", "told"),
    [
        (Walk(start=75), "no image 75; choose from 0 to 74"),
        (Walk(start=-1), "no image -1"),
        (Walk(latents=[4]), "no latent 4"),
    ],
)
def test_refuses_what_is_not_there(model, squares, tmp_path, walk, told):
    with pytest.raises(UsageError, match=told):
        draw_run(model, squares, tmp_path, figures=["traversals"], walk=walk)


def test_walks_through_the_factors_are_encoded_by_hand(subject, squares):
    figure = draw_pca(subject)
    plane = first_components(subject.posteriors[0])
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    for k, name in enumerate(squares.factor_names):
        factors = np.tile([1, 2, 2], (squares.factor_sizes[k], 1))
        factors[:, k] = range(len(factors))
        images = squares.images(squares.indices_of(factors)) / 255.0
        codes = subject.representation.encode(images)
        np.testing.assert_allclose(
            lines[name].get_xydata(), plane.project(codes), atol=1e-4
        )


def test_effects_have_the_numbers_of_the_metric(subject, squares):
    sampler = Representation(subject.model, squares)
    matrix = irs(sampler, np.random.default_rng(0))["irs/matrix"]
    panels = np.reshape(draw_interventions(subject).axes[:-1], (3, -1))
    latents = [int(axes.get_title()[1:]) for axes in panels[0]]
    assert set(latents) == set(subject.active)
    for k, row in enumerate(panels):
        for latent, axes in zip(latents, row, strict=True):
            assert axes.texts[0].get_text() == number(matrix[latent, k], 2)


def test_no_active_latent_is_told(subject):
    subject.kl = np.zeros(4)
    with pytest.raises(NotApplicable, match="No latent is active"):
        draw_interventions(subject)
    subject.walk = Walk(latents=[0])
    assert draw_interventions(subject).axes[0].get_title() == "z0"


def test_runs_side_by_side(model, squares, subject, tmp_path):
    other = Subject(
        model, squares, tmp_path, num_images=50, walk=Walk(latents=[2])
    )
    shown = texts_of(draw_comparison({"a": subject, "b": other}))
    assert shown.count("a") == shown.count("b") == 2
    walks = [t for t in shown if "\nz" in t]
    order = np.argsort(-subject.kl)[:3]
    assert walks == [*(f"a\nz{z}" for z in order), "b\nz2"]


def test_runs_of_one_name_are_told_by_their_path(
    model, squares, tmp_path, monkeypatch
):
    monkeypatch.setattr(draw, "NUM_IMAGES", 50)
    named = []
    monkeypatch.setattr(
        draw,
        "draw_comparison",
        lambda subjects: named.append(list(subjects)) or {},
    )
    one, two = ((model, squares, tmp_path / x / "seed0") for x in "ab")
    draw_runs([one, two])
    assert named == [[str(tmp_path / "a/seed0"), str(tmp_path / "b/seed0")]]
    with pytest.raises(UsageError, match="twice"):
        draw_runs([one, one])


def test_runs_of_other_data_are_not_compared(subject, squares, model):
    rows = squares.images(np.arange(75))
    for name, count in (("bare", 75), ("squares", 40)):
        images = RowsDataset(
            rows[:count], np.zeros((count, 0)), name=name, provenance="mine"
        )
        other = Subject(model, images, subject.workdir, num_images=50)
        told = f"a 75 images of squares, b {count} images of {name}"
        with pytest.raises(UsageError, match=told):
            draw_comparison({"a": subject, "b": other})


def test_usual_figures_are_the_first():
    assert list(FIGURES)[: len(USUAL)] == USUAL
