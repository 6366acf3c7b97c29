"""The measures on codes that are known, the claims on made-up numbers."""

import importlib.util
import pathlib
import sys

import numpy as np
import pytest

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "dc_ign.py"


@pytest.fixture(scope="module")
def dc_ign():
    spec = importlib.util.spec_from_file_location("dc_ign", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["dc_ign"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["dc_ign"]


def test_following_is_the_rank_correlation(dc_ign):
    values = np.arange(5.0)
    # Ranks 1 0 2 3 4 differ twice by 1: 1 - 6 * 2 / (5 * 24) = 0.9.
    codes = np.stack([np.exp(-values), 0 * values, [1, 0, 2, 3, 4]], axis=1)
    found = dc_ign.followed(np.stack([codes, codes]))
    np.testing.assert_allclose(found, [1.0, 0.0, 0.9])


def test_a_traversal_moves_one_factor(dc_ign, squares):
    points = dc_ign.traversals(squares, "y_position", np.random.default_rng(0))
    factors = squares.factors_of(points)
    assert factors.shape == (dc_ign.CASES, 5, 3)
    np.testing.assert_array_equal(
        factors[..., 2], [np.arange(5)] * dc_ign.CASES
    )
    assert (factors[..., :2] == factors[:, :1, :2]).all()
    assert len(np.unique(factors[:, 0, :2], axis=0)) == 15


def numbers_as_expected(dc_ign):
    """Run -> each latent follows its factor, and best in DC-IGN."""
    runs = {}
    scores = dict(zip(dc_ign.RUNS, (0.9, 0.7, 0.6), strict=True))
    for (run, score), follows in zip(
        scores.items(), (1, 0.5, 0.5), strict=True
    ):
        runs[run] = {"run": run, "seed": 0, "higgins_score": score}
        for key in ("spearman", "variance"):
            runs[run][key] = {
                factor: [follows if i == own else 0.05 for i in range(10)]
                for factor, own in dc_ign.LATENTS.items()
            }
    return runs


def test_all_claims_hold_where_all_is_as_expected(dc_ign):
    held = dc_ign.claims(list(numbers_as_expected(dc_ign).values()))
    assert len(held) == 4 * len(dc_ign.LATENTS) + 2
    assert all(holds == [True] for holds in held.values())


@pytest.mark.parametrize(
    ("run", "key", "latent", "value", "claim"),
    [
        ("dc_ign", "spearman", 2, 0.79, "scale: |Spearman|"),
        ("dc_ign", "spearman", 7, 1.0, "scale: that of all other"),
        ("dc_ign clamp=none", "spearman", 2, 1.0, "scale: that without"),
        ("dc_ign", "variance", 7, 0.11, "scale: its latent varies"),
        (
            "dc_ign",
            "higgins_score",
            None,
            0.65,
            "Higgins' score above that of dc_ign clamp=none",
        ),
        (
            "beta_vae beta=4",
            "higgins_score",
            None,
            0.95,
            "Higgins' score above that of beta_vae",
        ),
    ],
)
def test_a_claim_that_does_not_hold_is_seen(
    dc_ign, run, key, latent, value, claim
):
    numbers = numbers_as_expected(dc_ign)
    if latent is None:
        numbers[run][key] = value
    else:
        numbers[run][key]["scale"][latent] = value
    held = dc_ign.claims(list(numbers.values()))
    broken = [name for name, holds in held.items() if holds == [False]]
    assert len(broken) == 1 and broken[0].startswith(claim)
