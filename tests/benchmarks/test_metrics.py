"""The codes it measures on, its table, and a run with two small metrics."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]
PATH = ROOT / "benchmarks" / "metrics.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmarks_metrics", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_codes_are_fixed_and_say_something_in_five_latents(benchmark):
    sampler = benchmark.fixed_codes()
    assert sampler.num_points == 737_280
    points = sampler.sample(5_000, np.random.default_rng(0))
    codes = sampler.codes(points)
    mean, stddev = sampler.posteriors(points)
    np.testing.assert_array_equal(codes, mean)
    np.testing.assert_array_equal(codes[::-1], sampler.codes(points[::-1]))
    assert (stddev > 0).all()
    np.testing.assert_allclose(codes.std(axis=0)[:5], 1, atol=0.1)
    assert (codes.std(axis=0)[5:] < 0.05).all()
    factors = sampler.factors(points)
    correlation = np.abs(np.corrcoef(codes.T, factors.T)[:10, 10:])
    # Mixed: each latent follows a factor, but not that alone.
    assert (correlation[:5].max(axis=1) > 0.6).all()
    assert (np.sort(correlation[:5], axis=1)[:, -2] > 0.1).all()
    assert (correlation[5:] < 0.1).all()


def test_shares_are_of_the_default_set(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "DEFAULT_METRICS", ("a", "b"))
    text = benchmark.table(
        {
            name: {"seconds": seconds, "peak_megabytes": 1234}
            for name, seconds in {"a": 3, "b": 1, "c": 9, "all": 4}.items()
        }
    )
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["a", "3.00", "75%", "1,234"],
        ["b", "1.00", "25%", "1,234"],
        ["c", "9.00", "1,234"],
        ["all", "4.00", "1,234"],
    ]


def test_run_measures_each_metric_alone_and_writes_json(tmp_path):
    path = tmp_path / "numbers.json"
    program = f"""
import numpy as np, runpy, sys, time
import tfdisent.metrics as m

def sleepy(sampler, rng):
    time.sleep(0.2)
    return {{"sleepy": 0.0}}

def large(sampler, rng, *, num_points=1):
    np.ones(50_000_000)
    return {{"large": 0.0}}

m.METRICS = {{"large": large, "sleepy": sleepy, "mig_analytic": large}}
m.DEFAULT_METRICS = ("large", "sleepy")
sys.argv = ["metrics.py", "--output={path}", "--exact"]
runpy.run_path({str(PATH)!r}, run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(path.read_text())
    measured = result["measured"]
    assert list(measured) == [
        "large",
        "sleepy",
        "mig_analytic",
        "default set",
        "mig_analytic, exact",
    ]
    assert result["default_set"] == ["large", "sleepy"]
    assert "CPU" in result["device"] or "GPU" in result["device"]
    assert measured["sleepy"]["seconds"] >= 0.2
    assert measured["default set"]["seconds"] >= 0.2
    # 400 MB; the memory of one metric is not on the bill of the next.
    peaks = {
        name: numbers["peak_megabytes"] for name, numbers in measured.items()
    }
    assert peaks["large"] > peaks["sleepy"] + 300
    assert peaks["default set"] > peaks["sleepy"] + 300
    assert "sleepy" in done.stdout
