import numpy as np
import pytest
from oracles import ORACLES, score

from tfdisent.errors import UsageError
from tfdisent.metrics import factor_vae_score
from tfdisent.metrics.samplers import FunctionSampler, TableSampler

SIZES = (3, 6, 40)
BATCH, TRAIN, TEST, STD = 16, 12, 25, 100


def recorded_score(codes_of, seed=0):
    """The score, and the factors and codes it was computed from."""
    factors, codes = [], []

    def recording(rows):
        factors.append(rows)
        codes.append(codes_of(rows))
        return codes[-1]

    scores = factor_vae_score(
        FunctionSampler(SIZES, recording),
        np.random.default_rng(seed),
        batch_size=BATCH,
        num_train=TRAIN,
        num_test=TEST,
        num_std=STD,
    )
    return scores, np.concatenate(factors), np.concatenate(codes)


def batches(rows):
    return rows[STD:].reshape(TRAIN + TEST, BATCH, -1)


def slow_score(factors, codes, threshold=0.05):
    """Accuracy of the majority vote, by loops over votes and codes."""
    std = codes[:STD].std(axis=0, ddof=1)
    ballots = []
    for batch_factors, batch in zip(
        batches(factors), batches(codes), strict=True
    ):
        [fixed] = np.flatnonzero(np.ptp(batch_factors, axis=0) == 0)
        best, winner = np.inf, None
        for j in range(codes.shape[1]):
            if std[j] < threshold:
                continue
            ratio = np.var(batch[:, j] / std[j], ddof=1)
            if ratio < best:
                best, winner = ratio, j
        ballots.append((winner, fixed))
    table = np.zeros((codes.shape[1], len(SIZES)))
    for winner, fixed in ballots[:TRAIN]:
        table[winner, fixed] += 1
    hits = [table[j].argmax() == fixed for j, fixed in ballots[TRAIN:]]
    return np.mean(hits)


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_slow_loops_past_an_inactive_latent(seed):
    mixing = np.random.default_rng(seed).normal(size=(3, 7))
    mixing[:, 0] *= 1e-4

    scores, factors, codes = recorded_score(lambda f: f @ mixing, seed)
    votes = scores.pop("factor_vae_score/votes_matrix")
    assert votes.shape == (7, 3) and not votes[0].any()
    np.testing.assert_allclose(votes.sum(axis=0), 1)
    assert scores == {
        "factor_vae_score": pytest.approx(slow_score(factors, codes)),
        "factor_vae_score/active_latents": 6.0,
    }
    assert 0.3 < scores["factor_vae_score"] < 1


def test_one_value_is_fixed_for_the_whole_batch():
    _, factors, _ = recorded_score(lambda f: f)
    spread = np.ptp(batches(factors), axis=1)
    np.testing.assert_array_equal((spread == 0).sum(axis=1), 1)
    assert len(np.unique((spread == 0).argmax(axis=1))) == len(SIZES)


def test_no_active_latent_scores_zero():
    sampler = FunctionSampler(SIZES, lambda f: f * 1e-4)
    with pytest.warns(UserWarning, match="no latent"):
        scores = factor_vae_score(sampler, np.random.default_rng(0))
    assert not scores.pop("factor_vae_score/votes_matrix").any()
    assert scores == {
        "factor_vae_score": 0.0,
        "factor_vae_score/active_latents": 0.0,
    }
    with pytest.warns(UserWarning, match="collapsed"):
        scores = factor_vae_score(
            sampler, np.random.default_rng(0), threshold=0
        )
    assert scores["factor_vae_score"] == 1


def test_dead_latents_take_no_part_without_a_threshold():
    sampler = FunctionSampler(
        SIZES, lambda f: np.hstack([np.full_like(f, 7), f])
    )
    with pytest.warns(UserWarning, match="3 of 6 latents are constant"):
        scores = factor_vae_score(
            sampler, np.random.default_rng(0), threshold=0
        )
    votes = scores.pop("factor_vae_score/votes_matrix")
    np.testing.assert_array_equal(
        votes, np.vstack([np.zeros((3, 3)), np.eye(3)])
    )
    assert scores == {
        "factor_vae_score": 1.0,
        "factor_vae_score/active_latents": 3.0,
    }


def test_default_budget_of_encodings():
    calls = []

    def codes_of(factors):
        calls.append(len(factors))
        return factors

    factor_vae_score(FunctionSampler(SIZES, codes_of), np.random.default_rng(0))
    assert sum(calls) == 55_200


@pytest.mark.parametrize(
    "arguments",
    [
        {"batch_size": 1},
        {"num_train": 0},
        {"num_test": 0},
        {"num_std": 1},
        {"threshold": -0.1},
        {"threshold": np.nan},
    ],
)
def test_refuses_arguments(arguments):
    [name] = arguments
    with pytest.raises(UsageError, match=name):
        factor_vae_score(
            FunctionSampler(SIZES, lambda f: f),
            np.random.default_rng(0),
            **arguments,
        )


def test_needs_two_factors_that_vary():
    with pytest.raises(UsageError, match="2 or more factors"):
        factor_vae_score(
            FunctionSampler((9, 1), lambda f: f), np.random.default_rng(0)
        )


def test_table_of_codes_is_scored_like_the_function_it_came_from():
    function = FunctionSampler(SIZES, lambda f: f * 1.0)
    points = np.arange(function.num_points)
    table = TableSampler(function.codes(points), function.factors(points))
    with pytest.warns(UserWarning, match="720 rows"):
        scores = factor_vae_score(table, np.random.default_rng(0))
    assert scores["factor_vae_score"] == 1


# Tolerances are 4 standard deviations over seeds.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "oracle, expected, tolerance",
    [
        ("perfect", 1.0, 0.0),
        ("perfect and noise", 1.0, 0.0),
        ("perfect and dead", 1.0, 0.0),
        ("duplicated", 1.0, 0.0),
        ("rotated", 0.929, 0.045),
        ("scale, x, y", 0.60, 0.08),
        ("x, y", 0.40, 0.08),
        ("noise", 0.20, 0.07),
        ("constant", 0.0, 0.0),
    ],
)
def test_oracle(oracle, expected, tolerance):
    value = score(factor_vae_score, ORACLES[oracle])["factor_vae_score"]
    assert value == pytest.approx(expected, abs=tolerance)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_noise_in_a_table_of_few_rows_scores_chance():
    """Over 10 tables: 0.25, give or take 0.025; 0.40 where parts share rows."""

    def value(seed):
        rng = np.random.default_rng(seed)
        factors = rng.integers((3, 6, 10, 8), size=(100, 4))
        table = TableSampler(rng.normal(size=(100, 10)), factors)
        return factor_vae_score(table, rng)["factor_vae_score"]

    mean = np.mean([value(seed) for seed in range(10)])
    assert mean == pytest.approx(0.25, abs=0.08)
