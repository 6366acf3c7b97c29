import json
import math

import numpy as np
import pytest

from tfdisent.data.subsets import at_most
from tfdisent.errors import UsageError
from tfdisent.evaluation.compare import COMPARISONS, Runs, compare
from tfdisent.evaluation.metric_calls import parse_calls
from tfdisent.evaluation.representation import Representation
from tfdisent.models.vae import VAE

CENTRALITY = "model_centrality(num_train=40, num_test=40, batch_size=16)"


def scores(representations, groups, text):
    runs = Runs(representations, groups)
    [entry] = compare(runs, parse_calls(text, COMPARISONS)).values()
    json.dumps(entry, allow_nan=False)
    return entry


@pytest.fixture(scope="module")
def trained(model, squares):
    return Representation(model, squares)


@pytest.fixture(scope="module")
def untrained(squares):
    return Representation(
        VAE.from_dataset(squares, num_latents=3, seed=7), squares
    )


@pytest.mark.parametrize(
    "text, least",
    [
        ("udr_lasso(num_points=75)", 0.6),
        ("udr_spearman(num_points=75)", 0.6),
        (CENTRALITY, 0.6),
    ],
)
def test_a_model_agrees_with_itself_more_than_with_another(
    trained, untrained, text, least
):
    alike = scores([trained, trained], "aa", text)["scores_all_to_all"]
    unlike = scores([trained, untrained], "aa", text)["scores_all_to_all"]
    assert min(alike) > least > 0 and min(alike) > max(unlike)


def test_groups_are_compared_among_themselves(trained, untrained):
    entry = scores([trained, untrained, trained], "aba", "udr_lasso")
    within, whole = entry["scores"], entry["scores_all_to_all"]
    assert within[0] == within[2] == entry["similarity_matrix"][0][2]
    assert within[1] is None  # there is no other of its kind
    assert whole[0] == pytest.approx(
        np.median([entry["similarity_matrix"][1][0], within[0]])
    )
    assert math.isfinite(whole[1])


def test_same_seed_same_scores(trained, untrained):
    both = [scores([trained, untrained], "aa", CENTRALITY) for _ in range(2)]
    assert both[0] == both[1]


def test_one_run_or_other_data_are_refused(trained, model, squares):
    with pytest.raises(UsageError, match="1 runs on 1 data"):
        Runs([trained], "a")
    other = Representation(model, at_most(squares, "scale", 2))
    with pytest.raises(UsageError, match="2 runs on 2 data"):
        Runs([trained, other], "aa")
