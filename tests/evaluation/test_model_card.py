import dataclasses
import json

import numpy as np
import pytest
import tensorflow_probability as tfp
from scipy import stats

from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.evaluation import model_card as model_cards
from tfdisent.evaluation.evaluate import evaluate
from tfdisent.evaluation.model_card import model_card
from tfdisent.training.config import ExperimentConfig

CONFIG = ExperimentConfig(model="vae", steps=300, hparams={"num_latents": 4})


@pytest.fixture(scope="module")
def evaluation(model, squares):
    measured = evaluate(model, squares, metrics="mig_histogram")
    return {**measured, "training": {"step": 300}, "evaluated_with": {}}


@pytest.fixture(scope="module")
def card(model, squares, evaluation):
    return model_card(model, squares, CONFIG, 300, evaluation)


def test_is_strict_json_that_says_what_the_model_is(card):
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert (card["format"], card["model"], card["step"]) == (1, "vae", 300)
    assert (card["image_shape"], card["num_latents"]) == ([16, 16, 1], 4)
    config = {**card["config"], "subsets": tuple(card["config"]["subsets"])}
    assert ExperimentConfig(**config) == CONFIG
    assert {"tfdisent", "tensorflow", "keras"} <= set(card["made_with"])
    assert card["data"]["provenance"] == "drawn for tests"
    assert card["data"]["factor_names"][0] == "scale"


def test_latents_are_sorted_by_the_kl_of_the_evaluation(card, evaluation):
    kl = [latent["kl"] for latent in card["latents"]]
    assert kl == sorted(kl, reverse=True)
    measured = evaluation["images"]["kl_per_latent"]
    assert card["latents_measured_on"]["num_images"] == 10_000
    for latent in card["latents"]:
        assert latent["name"] == f"z{latent['index']}"
        assert latent["kl"] == pytest.approx(measured[latent["index"]])
        assert latent["active"] == (latent["kl"] > 0.05)


def test_ranges_are_those_of_the_posterior_means(card, model, squares):
    # 10,000 draws see each of the 75 images.
    images = squares.images(np.arange(75)).astype("f") / 255
    means = model.encode(images).mean().numpy()
    for latent in card["latents"]:
        mean = means[:, latent["index"]]
        assert latent["min"] == pytest.approx(mean.min(), abs=1e-4)
        assert latent["max"] == pytest.approx(mean.max(), abs=1e-4)
        assert latent["min"] <= latent["low"] <= latent["high"]
        assert latent["high"] <= latent["max"]
        assert latent["mean"] == pytest.approx(mean.mean(), abs=0.05)
        assert latent["stddev"] == pytest.approx(mean.std(), abs=0.05)


def test_share_is_that_of_the_mutual_information_gap(card, evaluation):
    [entry] = evaluation["metrics"].values()
    matrix = np.array(entry["matrices"]["mig_histogram/mi_matrix"])
    shares = matrix / np.log([3, 5, 5])
    names = ("scale", "x_position", "y_position")
    for latent in card["latents"]:
        share = shares[latent["index"]]
        factor = latent["factor"]
        assert factor["share"] == pytest.approx(share.max(), abs=0.03)
        if np.ptp(np.sort(share)[-2:]) > 0.05:
            assert factor["name"] == names[share.argmax()]
        is_clear = factor["share"] >= 0.3 or abs(factor["correlation"]) >= 0.5
        named = latent["active"] and is_clear
        assert latent["meaning"] == (factor["name"] if named else None)
    assert any(latent["meaning"] for latent in card["latents"])


def test_metrics_of_the_evaluation_without_their_matrices(card, evaluation):
    assert card["evaluation_missing"] is None
    [written] = card["evaluation"]["metrics"].values()
    [measured] = evaluation["metrics"].values()
    assert "matrices" in measured and "matrices" not in written
    assert written["values"] == measured["values"]
    assert card["evaluation"]["images"] == evaluation["images"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (None, "no evaluation.json"),
        ({"training": {"step": 200}}, "step 200, not of 300"),
        ({"training": {}}, "step None"),
    ],
)
def test_an_evaluation_of_another_step_is_not_in_it(
    model, squares, evaluation, change, reason
):
    other = None if change is None else {**evaluation, **change}
    card = model_card(model, squares, CONFIG, 300, other)
    assert card["evaluation"] is None
    assert reason in card["evaluation_missing"]


def test_without_factors_and_finite_numbers(model, squares, evaluation):
    bare = RowsDataset(
        squares.images(np.arange(9)), np.zeros((9, 0)), name="", provenance=""
    )
    images = {**evaluation["images"], "elbo": float("nan")}
    config = dataclasses.replace(CONFIG, subsets=("first=9",))
    card = model_card(
        model, bare, config, 300, {**evaluation, "images": images}
    )
    json.dumps(card, allow_nan=False)
    assert card["evaluation"]["images"]["elbo"] is None
    for latent in card["latents"]:
        assert latent["factor"] is None and latent["meaning"] is None
        assert latent["min"] < latent["max"]


class Faint:
    """Means that tell as much as another model's, and hardly move."""

    def __init__(self, model):
        self.image_shape, self.num_latents = model.image_shape, 4
        self.prior, self.decode, self.model = model.prior, model.decode, model

    def encode(self, images):
        return tfp.distributions.Normal(
            0.01 * self.model.encode(images).mean(), 1.0
        )


def test_inactive_latents_are_not_named_after_a_factor(model, squares):
    card = model_card(Faint(model), squares, CONFIG, 300, None)
    assert max(latent["factor"]["share"] for latent in card["latents"]) > 0.3
    for latent in card["latents"]:
        assert not latent["active"] and latent["meaning"] is None


def test_a_latent_is_named_after_what_it_follows(
    monkeypatch, model, squares, card
):
    monkeypatch.setattr(model_cards, "MEANINGFUL_SHARE", 2.0)
    points = np.arange(75)
    images = squares.images(points).astype("f") / 255
    means = model.encode(images).mean().numpy()
    factors = squares.factors_of(points)
    for latent in model_card(model, squares, CONFIG, 300, None)["latents"]:
        factor = latent["factor"]
        column = factors[:, squares.factor_names.index(factor["name"])]
        rho = stats.spearmanr(means[:, latent["index"]], column).statistic
        assert factor["correlation"] == pytest.approx(rho, abs=0.05)
        follows = latent["active"] and abs(factor["correlation"]) >= 0.5
        assert latent["meaning"] == (factor["name"] if follows else None)
