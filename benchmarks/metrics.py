"""Seconds and memory of each metric and of the default set, on fixed codes.

    python benchmarks/metrics.py [--output=metrics.json] [--exact]

The factors are those of dSprites, the codes 5 noisy mixtures of them and 5
latents that say nothing, all with posteriors. They are looked up in a table,
so that encoding costs next to nothing. Each metric has its default options and
a process of its own. --exact adds mig_analytic over all 737,280 posteriors.
"""

import concurrent.futures
import functools
import json
import multiprocessing
import pathlib
import resource
import time
import warnings
from collections.abc import Sequence

import numpy as np
import sklearn
from absl import app, flags

from tfdisent.metrics import DEFAULT_METRICS, METRICS
from tfdisent.metrics.samplers import FunctionSampler

FLAGS = flags.FLAGS

NAMES = ("shape", "scale", "orientation", "x_position", "y_position")
SIZES = (3, 6, 40, 32, 32)
LATENTS = 10
DEFAULT_SET, EXACT = "default set", "mig_analytic, exact"


class FixedCodes(FunctionSampler):
    """Codes and posteriors of every combination of factors."""

    def __init__(self):
        super().__init__(SIZES, self._look_up, NAMES)
        rng, k = np.random.default_rng(0), len(SIZES)
        factors = self.factors(np.arange(self.num_points))
        factors = (factors - factors.mean(axis=0)) / factors.std(axis=0)
        mixing = np.linalg.qr(np.eye(k) + 0.3 * rng.normal(size=(k, k)))[0]
        # The posteriors of latents that say nothing are nearly the prior.
        mean = 0.02 * rng.normal(size=(self.num_points, LATENTS))
        mean[:, :k] = factors @ mixing + 0.1 * rng.normal(size=factors.shape)
        stddev = np.full(mean.shape, 0.99)
        stddev[:, :k] = rng.uniform(0.1, 0.3, size=factors.shape)
        object.__setattr__(self, "_mean", mean.astype(np.float32))
        object.__setattr__(self, "_stddev", stddev.astype(np.float32))

    def posteriors(self, points):
        return self._mean[points], self._stddev[points]

    def _look_up(self, factors):
        return self._mean[self._points(factors)]


@functools.cache
def fixed_codes() -> FixedCodes:
    """The same for all, so that forked processes share them."""
    return FixedCodes()


def measure(names: Sequence[str], **options) -> dict[str, float]:
    """Computes metrics, one after another.

    Returns:
      "seconds" of all, and "peak_megabytes", the largest resident set of this
      process so far.
    """
    sampler = fixed_codes()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for name in names:
            METRICS[name](sampler, np.random.default_rng(0), **options)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": round(seconds, 2), "peak_megabytes": round(peak)}


def alone(names: Sequence[str], **options) -> dict[str, float]:
    """`measure` in a process of its own, whose peak is that of the metrics."""
    # A fork has all modules; it is safe as no thread has been started here.
    with concurrent.futures.ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("fork")
    ) as pool:
        return pool.submit(measure, names, **options).result()


def table(measured: dict[str, dict[str, float]]) -> str:
    """A line for each; the share is that of the metrics of the default set."""
    whole = sum(measured[name]["seconds"] for name in DEFAULT_METRICS)
    lines = [f"{'':<32}{'seconds':>9}{'share':>8}{'peak MB':>9}"]
    for name, numbers in measured.items():
        share = ""
        if name in DEFAULT_METRICS:
            share = f"{numbers['seconds'] / max(whole, 0.01):.0%}"
        lines.append(
            f"{name:<32}{numbers['seconds']:9.2f}{share:>8}"
            f"{numbers['peak_megabytes']:9,.0f}"
        )
    return "\n".join(lines)


def main(argv: list[str]) -> None:
    """Measures, prints and writes."""
    del argv
    fixed_codes()
    jobs = {name: ([name], {}) for name in METRICS}
    jobs[DEFAULT_SET] = (DEFAULT_METRICS, {})
    if FLAGS.exact:
        jobs[EXACT] = (["mig_analytic"], {"num_points": None})
    measured = {}
    for label, (names, options) in jobs.items():
        print(f"{label} ...", flush=True)
        measured[label] = alone(names, **options)
    # TensorFlow is no part of what was measured, and starts threads.
    from tfdisent.training.device import device_name

    device = device_name()
    print(f"\n{device}\n{table(measured)}")
    if FLAGS.output:
        result = {
            "device": device,
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "points": fixed_codes().num_points,
            "latents": LATENTS,
            "default_set": list(DEFAULT_METRICS),
            "measured": measured,
        }
        pathlib.Path(FLAGS.output).write_text(
            json.dumps(result, indent=2) + "\n"
        )


if __name__ == "__main__":
    flags.DEFINE_string("output", None, "JSON file for the numbers.")
    flags.DEFINE_bool("exact", False, "Exact MIG over all posteriors as well.")
    app.run(main)
