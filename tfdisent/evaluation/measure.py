"""Metrics of a representation, with all that defines their values."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import tqdm

from tfdisent.errors import UsageError
from tfdisent.evaluation.intervals import confidence_intervals
from tfdisent.evaluation.metric_calls import MetricCall
from tfdisent.evaluation.statistics import describe_all
from tfdisent.evaluation.warned import warned
from tfdisent.metrics import METRICS
from tfdisent.metrics.codes import CodeSampler
from tfdisent.metrics.samplers import SomeLatents

NUM_POINTS = 10_000
"""Points that an interval takes halves of."""

LEVEL = 0.95

MANY_LATENTS = 500
WIDE = (
    "mig_histogram",
    "factor_vae_score",
    "higgins_score",
    "zdiff_corr",
    "sap_correlation",
    "irs",
    "active_units",
)
"""Metrics that remain affordable with thousands of latents (raw pixels)."""

SamplerOf = Callable[[int], CodeSampler]


def measure(
    sampler_of: SamplerOf,
    calls: Sequence[MetricCall],
    *,
    seeds: Sequence[int] = (0,),
    active: Sequence[int] | None = None,
    resamples: int = 0,
    strict: bool = True,
) -> tuple[dict[str, dict], dict[str, str]]:
    """Computes metrics, each under every seed.

    Args:
      sampler_of: Gives the representation for a seed: the same one for all
        seeds, unless codes are sampled.
      calls: What to compute.
      seeds: One or more; each makes all draws of a metric.
      active: Latents that a mask keeps; the values are then given both of all
        latents and of these. None if there is no mask.
      resamples: Of the points, for confidence intervals; 0 for none.
      strict: Whether a metric that is not possible is an error.

    Returns:
      An entry of evaluation.json for each call, by its key: "settings",
      "seeds", "values" (means over the seeds), "statistics" of several seeds,
      "masked", "intervals", "matrices" of the first seed, "warnings",
      "seconds". And the reasons why others are not possible, by their keys.

    Raises:
      UsageError: If a metric is not possible, and `strict`.
    """
    entries, left_out = {}, {}
    with tqdm.tqdm(calls, desc="measure", leave=False, disable=None) as bar:
        for call in bar:
            bar.set_postfix_str(call.key)
            if not strict and call.name not in WIDE and _is_wide(sampler_of):
                left_out[call.key] = (
                    f"It takes long with more than {MANY_LATENTS} latents; "
                    "name it in --metrics to have it all the same."
                )
                continue
            try:
                entries[call.key] = _entry(
                    call, sampler_of, seeds, active, resamples
                )
            except UsageError as error:
                if strict:
                    raise
                left_out[call.key] = str(error)
    return entries, left_out


def _is_wide(sampler_of: SamplerOf) -> bool:
    codes = sampler_of(0).codes(np.zeros(1, np.int64))
    return codes.shape[1] > MANY_LATENTS


def _entry(call, sampler_of, seeds, active, resamples) -> dict:
    start = time.perf_counter()
    entry = {"settings": call.settings(), "seeds": list(seeds)}
    with warned() as texts:
        entry |= _over_seeds(call, sampler_of, seeds)
        entry["settings"] |= entry.pop("found", {})
        if call.name not in METRICS:  # what is not computed from codes
            active, resamples = None, 0
        if active is not None:
            kept = _over_seeds(
                call, lambda seed: SomeLatents(sampler_of(seed), active), seeds
            )
            kept.pop("matrices", None)  # their rows are among those of all
            entry["masked"] = {"latents": list(map(int, active)), **kept}
        if resamples:
            sampler = sampler_of(seeds[0])
            entry["intervals"] = {
                "level": LEVEL,
                "resamples": resamples,
                "method": "random halves of the points",
                "values": _intervals(
                    call, sampler, seeds[0], entry["values"], resamples
                ),
            }
    entry["warnings"] = texts
    entry["seconds"] = round(time.perf_counter() - start, 1)
    return entry


def _over_seeds(call: MetricCall, sampler_of: SamplerOf, seeds) -> dict:
    """Values, statistics and matrices."""
    results = [
        call(sampler_of(seed), np.random.default_rng(seed)) for seed in seeds
    ]
    found = [result.pop("settings", {}) for result in results]
    summed_up = describe_all(results)
    part = {"values": {name: s["mean"] for name, s in summed_up.items()}}
    if len(seeds) > 1:
        part["statistics"] = summed_up
    matrices = {
        name: value.tolist()
        for name, value in results[0].items()
        if isinstance(value, np.ndarray)
    }
    if matrices:
        part["matrices"] = matrices
    if found[0]:
        part["found"] = found[0]
    return part


def _intervals(
    call, sampler, seed, values, resamples
) -> dict[str, list[float]]:
    """Of the codes of NUM_POINTS points, or of all rows of a table."""
    points = np.arange(sampler.num_points)
    if sampler.with_replacement and sampler.num_points > NUM_POINTS:
        rng = np.random.default_rng(seed)
        points = np.unique(sampler.sample(NUM_POINTS, rng))
    found = confidence_intervals(
        call,
        sampler,
        points,
        seed,
        values=values,
        resamples=resamples,
        level=LEVEL,
    )
    return {name: list(bounds) for name, bounds in found.items()}
