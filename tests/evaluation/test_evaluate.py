import json

import pytest

from tfdisent.data.subsets import at_most, random_subset
from tfdisent.errors import UsageError
from tfdisent.evaluation.draw import draw_run
from tfdisent.evaluation.evaluate import evaluate, evaluate_codes
from tfdisent.evaluation.representation import Representation, SampledCodes

FAST = "mig_histogram(num_points=500)"


def test_numbers_come_with_what_defines_them(model, squares):
    result = evaluate(model, squares, metrics="mig_histogram", seeds=[3])
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
        result = evaluate(model, squares, metrics=FAST, seeds=[seed])
        values = [m["values"] for m in result["metrics"].values()]
        return result["images"], values

    assert numbers(1) == numbers(1) != numbers(2)


def test_metrics_of_a_part_are_computed_on_the_whole(model, squares):
    part = random_subset(squares, 40, seed=0)
    result = evaluate(model, part, metrics="higgins_score")
    whole = evaluate(model, squares, metrics="higgins_score")
    for name in ("values", "settings"):
        assert (
            result["metrics"]["higgins_score"][name]
            == whole["metrics"]["higgins_score"][name]
        )
    assert result["data"]["images"] == 40
    assert result["data"]["metrics_computed_on"] == squares.provenance


def test_unknown_metric_is_named(model, squares):
    with pytest.raises(UsageError, match="'mug'.*; there are .*mig_histogram"):
        evaluate(model, squares, metrics="mug")


def test_no_metric_is_refused(model, squares):
    with pytest.raises(UsageError, match="No metric was named"):
        evaluate(model, squares, metrics=" ")


def test_codes_alone_are_measured_like_a_run(model, squares):
    sampler = Representation(model, squares)
    alone = evaluate_codes(sampler, metrics=FAST)
    run = evaluate(model, squares, metrics=FAST, mask="none")
    assert alone["metrics"][FAST]["values"] == run["metrics"][FAST]["values"]


def test_sampled_codes_stand_beside_the_means(model, squares):
    result = evaluate(
        model, squares, metrics=FAST, representation="sampled", seeds=[2]
    )
    [key] = result["metrics"]
    assert key == f"{FAST} of sampled codes"
    sampled = SampledCodes(Representation(model, squares), 2)
    expected = evaluate_codes(sampled, metrics=FAST, seeds=[2])
    assert (
        result["metrics"][key]["values"]
        == (expected["metrics"][FAST]["values"])
    )


def test_unknown_representation_is_refused(model, squares):
    with pytest.raises(UsageError, match="'median' is not known"):
        evaluate(model, squares, metrics=FAST, representation="median")


def test_default_metrics_that_are_not_possible_are_left_out(model, squares):
    one = squares_of_one_factor(squares)
    result = evaluate(model, one)
    assert "2 or more factors" in result["left_out"]["factor_vae_score"]
    assert "mig_histogram" in result["metrics"]
    with pytest.raises(UsageError, match="2 or more factors"):
        evaluate(model, one, metrics="factor_vae_score")


def squares_of_one_factor(squares):
    for name in ("scale", "x_position"):
        squares = at_most(squares, name, 1)
    return squares


@pytest.mark.parametrize("part", [False, True])
def test_figures_of_a_run(model, squares, tmp_path, part):
    (tmp_path / "log.jsonl").write_text(
        '{"step": 50, "seconds": 1, "distortion": 9.0, "rate": 3.0}\n'
    )
    dataset = random_subset(squares, 40, seed=0) if part else squares
    paths = draw_run(model, dataset, tmp_path)
    assert [p.stem for p in paths] == [
        "samples",
        "reconstructions",
        "traversals",
        "latents_by_factors",
        "curves",
    ]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in paths)
