"""A generator that reads no codes: what is said and drawn of it."""

import numpy as np
import pytest

from tfdisent.cli.seed_sweep import scores_of
from tfdisent.errors import UsageError
from tfdisent.evaluation.draw import draw_grid, draw_run
from tfdisent.evaluation.draw_comparison import draw_comparison
from tfdisent.evaluation.draw_subject import Subject
from tfdisent.evaluation.evaluate import evaluate
from tfdisent.evaluation.model_card import model_card
from tfdisent.evaluation.representation import Representation
from tfdisent.export.contract import endpoints_of
from tfdisent.models.gan import GAN
from tfdisent.training.config import ExperimentConfig


class PlainGAN(GAN):
    encode = None


@pytest.fixture
def model(squares):
    return PlainGAN.from_dataset(
        squares, num_latents=3, num_noise=2, architecture="burgess"
    )


def test_metrics_are_left_out_with_the_reason(model, squares):
    evaluation = evaluate(model, squares)
    assert not evaluation["metrics"]
    assert evaluation["left_out"]["mig_histogram"].endswith("no encoder")
    assert scores_of(evaluation) == {}
    with pytest.raises(UsageError, match="dci is not possible.*no encoder"):
        evaluate(model, squares, metrics="dci")


def test_samples_are_drawn_and_no_reconstructions(model, squares, tmp_path):
    paths = draw_run(model, squares, tmp_path)
    assert [path.name for path in paths] == ["samples.png"]


def test_the_grid_needs_to_be_told_its_latents(model, squares, tmp_path):
    with pytest.raises(UsageError, match="--latents"):
        draw_grid(model, squares, tmp_path, [-1, 1])
    [path] = draw_grid(model, squares, tmp_path, [-1, 1], [0, 2])
    assert path.exists()


def test_beside_others_it_has_samples_alone(model, squares, tmp_path):
    with pytest.raises(UsageError, match="traversals .* no encoder"):
        draw_run(model, squares, tmp_path, figures=["traversals"])
    subject = Subject(model, squares, tmp_path, num_images=9)
    texts = draw_comparison({"a": subject, "b": subject}).axes[0].texts
    assert [t.get_text() for t in texts if t.get_text()] == [
        *("a", "b", "Samples of the prior")
    ]


def test_samples_have_noise_of_their_own(model, squares):
    shown = Representation(model, squares)
    first, again, other = (
        shown.draw_images(4, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((4, 3), np.float32)
    assert not np.allclose(first, shown.decode(codes), atol=1e-4)


def test_the_card_and_the_contract_know_no_codes_of_images(model, squares):
    config = ExperimentConfig(model="vae")
    card = model_card(model, squares, config, 5, None)
    assert card["latents"] == [] and card["num_latents"] == 3
    endpoints = endpoints_of(model)
    assert {"decode", "generate", "sample", "traverse"} <= endpoints.keys()
    assert not {"encode", "reconstruct", "traverse_images"} & endpoints.keys()
