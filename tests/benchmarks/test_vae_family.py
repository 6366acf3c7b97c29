"""The claims on made-up numbers; and, slowly, two of them on real runs."""

import importlib.util
import pathlib
import sys

import pytest

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "vae_family.py"


@pytest.fixture(scope="module")
def vae_family():
    spec = importlib.util.spec_from_file_location("vae_family", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["vae_family"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["vae_family"]


def numbers_as_expected():
    """Run -> (distortion, rate, total correlation, largest KL)."""
    runs = {
        "beta_vae beta=0.5": (40, 30, 16, 5),
        "beta_vae beta=1": (50, 24, 10, 4),
        "beta_vae beta=4": (90, 12, 1.0, 3),
        "beta_vae beta=10": (120, 8, 0.6, 3),
        "beta_vae beta=50": (230, 3, 0.1, 2),
        "capacity_vae c_max=25": (60, 24.5, 9, 5),
        "capacity_vae c_max=10": (100, 10.4, 2, 5),
        "factor_vae gamma=10": (70, 15, 2, 4),
        "factor_vae gamma=35 discriminator_rate=1e-3": (70, 15, 2, 4),
        "beta_tcvae beta=6": (100, 10, 0.5, 4),
        "beta_vae beta=1000": (540, 0.001, 0.0, 0.001),
    }
    keys = ("distortion", "rate", "total_correlation", "largest_kl")
    return {
        run: {"run": run, "seed": 0, **dict(zip(keys, values, strict=True))}
        for run, values in runs.items()
    }


def test_all_claims_hold_where_all_is_as_expected(vae_family):
    held = vae_family.claims(list(numbers_as_expected().values()))
    assert len(held) == 11
    assert all(holds == [True] for holds in held.values())


@pytest.mark.parametrize(
    ("run", "key", "value", "claim"),
    [
        ("beta_vae beta=4", "rate", 7, "rate falls"),
        ("beta_vae beta=4", "distortion", 45, "distortion rises"),
        ("capacity_vae c_max=25", "rate", 23.7, "capacity 25"),
        ("capacity_vae c_max=10", "rate", 10.6, "capacity 10"),
        # Half-way between the betas 1 and 4 by its distortion.
        ("factor_vae gamma=10", "total_correlation", 5.6, "factor_vae gamma"),
        ("beta_tcvae beta=6", "total_correlation", 11, "beta_tcvae beta=6: "),
        ("beta_vae beta=1000", "largest_kl", 0.02, "beta = 1000"),
    ],
)
def test_a_claim_that_does_not_hold_is_seen(vae_family, run, key, value, claim):
    numbers = numbers_as_expected()
    numbers[run][key] = value
    broken = [
        name
        for name, holds in vae_family.claims(list(numbers.values())).items()
        if holds == [False]
    ]
    assert any(name.startswith(claim) for name in broken)


@pytest.mark.slow
def test_rate_falls_with_beta_and_capacity_is_met(vae_family, tmp_path):
    dataset = vae_family.load_dataset("dsprites")
    weak, strong, held = (
        vae_family.measure(name, 0, 1000, dataset, tmp_path)
        for name in (
            "beta_vae beta=1",
            "beta_vae beta=10",
            "capacity_vae c_max=10",
        )
    )
    assert weak["rate"] > 2 * strong["rate"]
    assert weak["distortion"] < strong["distortion"]
    assert abs(held["rate"] - 10) < 1
