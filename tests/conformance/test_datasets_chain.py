"""Every entry of DATASETS from training to an export, in little time."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tfdisent.evaluation import draw, evaluate
from tfdisent.export.answers import answer
from tfdisent.export.contract import endpoints_of
from tfdisent.training.config import ExperimentConfig, build_dataset
from tfdisent.training.trainer import train
from tfdisent.training.workdir import read_log

NUM_IMAGES = 50
METRICS = "active_units(num_points=100)"
# CelebA has 5 images here.
WITH_FACTORS = f"mig_histogram(num_points=100, num_bins=4), {METRICS}"


@pytest.fixture(scope="module")
def workdir(arguments, tmp_path_factory):
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def model(arguments, dataset, workdir):
    options = dict(arguments)
    config = ExperimentConfig(
        model="vae",
        hparams={"num_latents": 2, "architecture": "burgess"},
        dataset=options.pop("name"),
        data_file=options.pop("data_file", None),
        data_options=options,
        steps=1,
        batch_size=4,
    )
    return train(config, dataset, workdir)


def test_training(model, dataset, workdir):
    assert model.image_shape == dataset.image_shape
    assert [record["step"] for record in read_log(workdir / "log.jsonl")] == [1]


def test_a_run_finds_its_data_again(model, dataset, workdir, drawn_dir):
    config = ExperimentConfig.load(workdir / "config.json")
    again = build_dataset(config, str(drawn_dir))
    assert again.provenance == dataset.provenance
    np.testing.assert_array_equal(again.images([0, 1]), dataset.images([0, 1]))


def test_evaluation(model, dataset, monkeypatch):
    monkeypatch.setattr(evaluate, "NUM_IMAGES", NUM_IMAGES)
    metrics = WITH_FACTORS if dataset.factor_names else METRICS
    found = evaluate.evaluate(model, dataset, metrics=metrics)
    assert found["data"]["provenance"] == dataset.provenance
    has_note = bool(dataset.factor_names) and not dataset.is_product
    assert ("note" in found["data"]) == has_note
    assert found["images"]["distortion"] > 0
    for entry in found["metrics"].values():
        assert np.isfinite(list(entry["values"].values())).all()
    json.dumps(found)


def test_pictures_and_traversals(model, dataset, workdir, monkeypatch):
    monkeypatch.setattr(draw, "NUM_IMAGES", NUM_IMAGES)
    paths = draw.draw_run(model, dataset, workdir)
    drawn = {path.stem for path in paths if path.stat().st_size}
    assert drawn >= {"reconstructions", "traversals", "curves"}
    few = len(dataset.factor_names) <= draw.MANY_FACTORS
    if dataset.factor_names and few:
        assert "latents_by_factors" in drawn


def test_endpoints_answer_for_its_images(model, dataset):
    """What an export answers; whole exports are those of test_models."""
    images = dataset.images(np.arange(3)).astype("f") / 255
    endpoints = endpoints_of(model)
    encoded = answer(model, endpoints["encode"], [tf.constant(images)])
    np.testing.assert_allclose(
        encoded["mean"], model.encode(images).mean(), atol=1e-5
    )
    pngs = [
        tf.io.encode_png(tf.cast(tf.round(255 * x), tf.uint8)) for x in images
    ]
    read = answer(model, endpoints["encode_png"], [tf.stack(pngs)])
    np.testing.assert_allclose(read["mean"], encoded["mean"], atol=1e-3)
    again = answer(model, endpoints["reconstruct"], [tf.constant(images)])[
        "images"
    ]
    assert again.shape == images.shape
