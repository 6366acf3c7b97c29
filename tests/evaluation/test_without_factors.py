"""Images of which no factor is known, or not all combinations."""

import json

import numpy as np
import pytest

from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.data.subsets import random_subset
from tfdisent.errors import UsageError
from tfdisent.evaluation import draw, draw_factors
from tfdisent.evaluation.baselines import make_baseline
from tfdisent.evaluation.draw import draw_run
from tfdisent.evaluation.evaluate import NO_PRODUCT, evaluate
from tfdisent.models.ground_truth_generator import GroundTruthGenerator

NEED_NOTHING = {"active_units", "tc_mss", "gaussian_wasserstein"}
NEED_FACTORS = {"mig_histogram", "mig_analytic", "higgins_score", "dci"}


@pytest.fixture(scope="module")
def bare(squares):
    rows = squares.images(np.arange(75))
    return RowsDataset(rows, np.zeros((75, 0)), name="bare", provenance="mine")


@pytest.fixture(scope="module")
def table(squares):
    """Most squares, some of them twice."""
    points = np.random.default_rng(0).integers(75, size=70)
    return RowsDataset(
        squares.images(points),
        squares.factors_of(points),
        name="table",
        provenance="mine",
        factor_names=squares.factor_names,
    )


def test_what_needs_factors_says_so_and_the_rest_is_measured(model, bare):
    found = evaluate(model, bare)
    assert set(found["metrics"]) >= NEED_NOTHING
    assert found["images"]["rate"] > 0
    assert set(found["left_out"]) >= NEED_FACTORS
    for name in NEED_FACTORS:
        assert "not known" in found["left_out"][name]
    assert not NEED_FACTORS & set(found["metrics"])
    assert "note" not in found["data"]


def test_what_was_asked_for_and_needs_factors_is_an_error(model, bare):
    with pytest.raises(UsageError, match="dci needs the factors"):
        evaluate(model, bare, metrics="dci")


def test_a_table_is_measured_with_a_note(model, table, squares):
    found = evaluate(model, table, metrics="mig_histogram, higgins_score, irs")
    for entry in found["metrics"].values():
        assert all(np.isfinite(v) for v in entry["values"].values())
    assert found["data"]["note"] == NO_PRODUCT
    json.dumps(found)
    assert "note" not in evaluate(model, squares, metrics="irs")["data"]


def test_a_part_can_be_measured_alone(model, squares):
    part = random_subset(squares, 40, 0)
    metrics = "mig_histogram(num_points=3000)"
    of_whole = evaluate(model, part, metrics=metrics)
    alone = evaluate(model, part, metrics=metrics, part_alone=True)
    assert alone["images"] == of_whole["images"]
    assert (
        alone["metrics"]["mig_histogram(num_points=3000)"]["values"]
        != (of_whole["metrics"]["mig_histogram(num_points=3000)"]["values"])
    )
    assert of_whole["data"]["metrics_computed_on"] == squares.provenance
    assert "note" not in of_whole["data"]
    assert alone["data"]["metrics_computed_on"] == part.provenance
    assert alone["data"]["note"] == NO_PRODUCT


@pytest.mark.parametrize("name", ["bare", "table"])
def test_pictures(model, name, request, tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "NUM_IMAGES", 200)
    dataset = request.getfixturevalue(name)
    paths = draw_run(model, dataset, tmp_path)
    drawn = {path.stem for path in paths if path.stat().st_size}
    with_factors = {"latents_by_factors"} if name == "table" else set()
    of_all = {"samples", "reconstructions", "traversals"}
    assert drawn == of_all | with_factors


def test_of_many_factors_those_are_drawn_that_a_latent_follows(
    model, squares, tmp_path, monkeypatch
):
    rows = squares.images(np.arange(75))
    rng = np.random.default_rng(0)
    noise = rng.integers(2, size=(75, draw.MANY_FACTORS))
    names = [*squares.factor_names, *(f"noise_{k}" for k in range(12))]
    many = RowsDataset(
        rows,
        np.column_stack([squares.factors_of(np.arange(75)), noise]),
        name="many",
        provenance="mine",
        factor_names=names,
    )
    shown = []

    def note(codes, factors, factor_names, factor_sizes):
        shown.append(factor_names)
        return means(codes, factors, factor_names, factor_sizes)

    means = draw_factors.activation_means
    monkeypatch.setattr(draw_factors, "activation_means", note)
    monkeypatch.setattr(draw, "NUM_IMAGES", 200)
    draw_run(model, many, tmp_path)
    assert 1 <= len(shown[0]) <= model.num_latents


def test_the_factors_of_a_table_as_codes_have_mean_0_and_variance_1(table):
    [codes] = make_baseline("ground_truth", table)
    values = codes.codes(np.arange(70))
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(values.std(axis=0), 1)


def test_codes_that_are_factors_need_factors(bare):
    with pytest.raises(UsageError, match="no factor"):
        make_baseline("ground_truth", bare)
    with pytest.raises(UsageError, match="No factor"):
        GroundTruthGenerator.from_dataset(bare)
