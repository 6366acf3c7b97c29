import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdisent.data.subsets import random_subset
from tfdisent.errors import UsageError
from tfdisent.evaluation.draw import draw_run
from tfdisent.evaluation.evaluate import (
    evaluate,
    read_evaluation,
    write_evaluation,
)
from tfdisent.evaluation.representation import Representation
from tfdisent.models.vae import VAE
from tfdisent.training.config import ExperimentConfig


@pytest.fixture(scope="module")
def model(squares):
    model = VAE.from_dataset(squares, num_latents=4)
    model.compile({"vae": keras.optimizers.Adam(1e-3)})
    images = squares.images(np.arange(75)).astype("f") / 255
    batches = tf.data.Dataset.from_tensors(images).repeat()
    model.fit(batches, steps_per_epoch=100, shuffle=False, verbose=0)
    return model


def test_codes_are_the_means_of_the_images_in_factor_order(model, squares):
    factors = squares.sample_factors(600, np.random.default_rng(0))
    codes = Representation(model, squares).codes(factors)
    images = squares.images(squares.indices_of(factors)).astype("f") / 255
    np.testing.assert_allclose(codes, model.encode(images).mean(), atol=1e-5)


def test_terms_are_the_models(model, squares):
    factors = squares.sample_factors(300, np.random.default_rng(0))
    terms = Representation(model, squares).terms(factors, seed=0)
    images = squares.images(squares.indices_of(factors)).astype("f") / 255
    posterior = model.encode(images)
    np.testing.assert_allclose(terms.mean, posterior.mean(), atol=1e-5)
    np.testing.assert_allclose(
        terms.kl.sum(1), model.rate(posterior), rtol=1e-4
    )
    # Of 200 draws the one in `terms` must not be an outlier.
    draws = [
        np.mean(-model.decode(posterior.sample(seed=[1, i])).log_prob(images))
        for i in range(200)
    ]
    assert min(draws) < terms.distortion.mean() < max(draws)


def test_decoded_images_are_in_range(model, squares):
    codes = 5 * np.random.default_rng(0).normal(size=(300, 4))
    images = Representation(model, squares).decode(codes)
    assert images.shape == (300, 16, 16, 1)
    assert images.min() >= 0 and images.max() <= 1


def test_numbers_come_with_what_defines_them(model, squares):
    result = evaluate(model, squares, metrics=["mig_histogram"], seed=3)
    images = result["images"]
    assert images["rate"] == pytest.approx(sum(images["kl_per_latent"]))
    assert images["elbo"] == pytest.approx(
        -images["distortion"] - images["rate"]
    )
    assert images["active_latents"] == sum(
        kl > 0.05 for kl in images["kl_per_latent"]
    )
    assert result["data"]["provenance"] == "drawn for tests"
    mig = result["metrics"]["mig_histogram"]
    assert mig["settings"]["num_bins"] == 20
    assert 0 <= mig["values"]["mig_histogram"] <= 1
    json.dumps(result)


def test_same_seed_same_numbers(model, squares):
    def numbers(seed):
        result = evaluate(model, squares, seed=seed)
        values = [m["values"] for m in result["metrics"].values()]
        return result["images"], values

    assert numbers(1) == numbers(1) != numbers(2)


def test_metrics_of_a_part_are_computed_on_the_whole(model, squares):
    part = random_subset(squares, 40, seed=0)
    result = evaluate(model, part, metrics=["higgins_score"])
    whole = evaluate(model, squares, metrics=["higgins_score"])
    for name in ("values", "settings"):
        assert (
            result["metrics"]["higgins_score"][name]
            == whole["metrics"]["higgins_score"][name]
        )
    assert result["data"]["images"] == 40
    assert result["data"]["metrics_computed_on"] == squares.provenance


def test_unknown_metric_is_named(model, squares):
    with pytest.raises(UsageError, match="'fid'; there are mig_histogram"):
        evaluate(model, squares, metrics=["fid"])


def test_written_evaluation_says_what_the_training_cost(
    model, squares, tmp_path
):
    config = ExperimentConfig(model="vae", batch_size=16, seed=5)
    (tmp_path / "log.jsonl").write_text(
        '{"step": 9, "seconds": 12.5, "device": "an abacus"}\n'
        '{"step": 20, "seconds": 30.0, "device": "a slide rule"}\n'
    )
    numbers = evaluate(model, squares, metrics=["mig_histogram"])
    written = write_evaluation(tmp_path, config, 9, numbers)
    assert read_evaluation(tmp_path) == written
    training = written["training"]
    assert (training["step"], training["images_seen"]) == (9, 144)
    assert (training["seconds"], training["seed"]) == (12.5, 5)
    assert training["device"] == "an abacus"
    evaluated = written["evaluated_with"]["device"]
    assert "CPU" in evaluated or "GPU" in evaluated


@pytest.mark.parametrize("content", [b'{"model": ', b"\xff", b"{}", b"[]"])
def test_broken_evaluation_is_none(tmp_path, content):
    (tmp_path / "evaluation.json").write_bytes(content)
    assert read_evaluation(tmp_path) is None


def test_no_metric_is_refused(model, squares):
    with pytest.raises(UsageError, match="No metric was named"):
        evaluate(model, squares, metrics=[])


@pytest.mark.parametrize("part", [False, True])
def test_figures_of_a_run(model, squares, tmp_path, part):
    (tmp_path / "log.jsonl").write_text(
        '{"step": 50, "seconds": 1, "distortion": 9.0, "rate": 3.0}\n'
    )
    dataset = random_subset(squares, 40, seed=0) if part else squares
    paths = draw_run(model, dataset, tmp_path)
    assert [p.stem for p in paths] == [
        "reconstructions",
        "traversals",
        "latents_by_factors",
        "curves",
    ]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in paths)
