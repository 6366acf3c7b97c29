"""A trained model and a data set give the numbers of evaluation.json."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError
from tfdisent.evaluation import mask as masks
from tfdisent.evaluation.image_metrics import IMAGE_METRICS, check_weights
from tfdisent.evaluation.measure import measure
from tfdisent.evaluation.metric_calls import MetricCall, parse_calls
from tfdisent.evaluation.representation import Representation, SampledCodes
from tfdisent.evaluation.statistics import describe_all
from tfdisent.metrics import DEFAULT_METRICS, METRICS
from tfdisent.metrics.codes import CodeSampler, posteriors_at
from tfdisent.models.base import LatentModel
from tfdisent.training.active import ACTIVE_NATS

NUM_IMAGES = 10_000
REPRESENTATIONS = ("mean", "sampled")
ALL_METRICS = {**METRICS, **IMAGE_METRICS}
NO_PRODUCT = (
    "not every combination of factors occurs once in these data, so that "
    "factors may depend on each other, which no metric corrects for"
)


def calls_of(metrics: str | None) -> list[MetricCall]:
    """Reads what metrics were asked for; None for the default ones.

    Raises:
      UsageError: If it cannot be read, or a metric or option is unknown, or a
        file that one needs is missing.
    """
    if metrics is None:
        metrics = ", ".join(DEFAULT_METRICS)
    calls = parse_calls(metrics, ALL_METRICS)
    for call in calls:
        if call.name == "fid":  # now and not after the metrics before it
            check_weights(call.options.get("weights"))
    return calls


class _Options(NamedTuple):
    """The arguments of `evaluate` after the first two."""

    metrics: str | None
    seeds: Sequence[int]
    representation: str
    mask: str | None
    resamples: int


def evaluate(
    model: LatentModel,
    dataset: FactorDataset,
    *,
    metrics: str | None = None,
    seeds: Sequence[int] = (0,),
    representation: str = "mean",
    mask: str | None = None,
    resamples: int = 0,
    part_alone: bool = False,
) -> dict:
    """Measures a model, with all settings that define the numbers.

    Args:
      model: A trained model.
      dataset: What it was trained on. Metrics are computed on
        `dataset.whole`, since some fix factors and draw the others.
      metrics: Calls, as in "mig_histogram, higgins_score(num_pairs=16)", or
        None for the default ones, of which those that are not possible are
        left out.
      seeds: Of the metrics, one or more. The first is that of the images, too.
      representation: "mean" of q(z|x), or "sampled": one draw for each image
        and seed.
      mask: Which latents count as active: one of `mask.MASKS`. None for those
        of KL, and no masked values if there are none.
      resamples: Of the points, for confidence intervals; 0 for none.
      part_alone: Whether metrics are computed on the data set itself, even if
        it is a part.

    Returns:
      What goes into evaluation.json: "data", "images" (distortion, rate and
      KL per latent in nats), "metrics" and "left_out".

    Raises:
      UsageError: If an argument is wrong, or a metric is not possible that was
        asked for.
    """
    options = _Options(metrics, seeds, representation, mask, resamples)
    _check(options)
    if not model.encode:
        return {
            "data": data_of(dataset, part_alone=part_alone),
            **_nothing_to_measure(options),
        }
    measured = dataset if part_alone else dataset.whole
    sampler = Representation(model, measured)
    own = sampler
    if measured is not dataset:
        own = Representation(model, dataset)
    images, kl = _image_numbers(own, seeds[0])
    return {
        "data": data_of(dataset, part_alone=part_alone),
        "images": images,
        **_measured(sampler, options, kl),
    }


def evaluate_codes(
    samplers: CodeSampler | Sequence[CodeSampler],
    *,
    metrics: str | None = None,
    seeds: Sequence[int] = (0,),
    representation: str = "mean",
    mask: str | None = None,
    resamples: int = 0,
) -> dict:
    """Measures anybody's codes: a baseline's, a file's.

    Args:
      samplers: Gives points, factors and codes. Of several the values are
        means, and what else is known is of the first.
      metrics: As for `evaluate`.
      seeds: As for `evaluate`.
      representation: As for `evaluate`; only codes with posteriors can be
        sampled.
      mask: As for `evaluate`; no mask unless given.
      resamples: As for `evaluate`.

    Returns:
      "metrics" and "left_out" of evaluation.json.

    Raises:
      UsageError: As for `evaluate`.
    """
    options = _Options(metrics, seeds, representation, mask, resamples)
    _check(options)
    if not isinstance(samplers, Sequence):
        samplers = [samplers]
    parts = []
    for sampler in samplers:
        kl = _kl_to_standard_normal(sampler, seeds[0]) if mask == "kl" else None
        parts.append(_measured(sampler, options, kl))
    return _averaged(parts)


def _nothing_to_measure(options: _Options) -> dict:
    """What is said of a model that has no codes."""
    reason = "it needs codes of images, and the model has no encoder"
    if options.metrics is not None:
        raise UsageError(f"{options.metrics} is not possible: {reason}.")
    left_out = {call.key: reason for call in calls_of(None)}
    return {"metrics": {}, "left_out": left_out}


def _check(options: _Options) -> None:
    calls_of(options.metrics)
    if options.representation not in REPRESENTATIONS:
        raise UsageError(
            f"representation={options.representation!r} is not known; give "
            "mean or sampled."
        )


def _averaged(parts: list[dict]) -> dict:
    """The mean values of several parts, without what is of one alone."""
    if len(parts) == 1:
        return parts[0]
    entries, left_out = {}, {}
    for part in parts:
        left_out |= part["left_out"]
    for key, first in parts[0]["metrics"].items():
        if key in left_out:
            continue
        each = [part["metrics"][key] for part in parts]
        values = [entry["values"] for entry in each]
        warned = [text for entry in each for text in entry["warnings"]]
        same = ("settings", "seeds", "representation", "mask")
        entries[key] = {
            **{name: first[name] for name in same},
            "values": {n: s["mean"] for n, s in describe_all(values).items()},
            "values_of_each": values,
            "warnings": list(dict.fromkeys(warned)),
            "seconds": sum(entry["seconds"] for entry in each),
        }
    return {"metrics": entries, "left_out": left_out}


def _measured(
    sampler: CodeSampler, options: _Options, kl: np.ndarray | None
) -> dict:
    """The metrics, and those that are left out."""
    active = masks.active_latents(options.mask, sampler, options.seeds[0], kl)
    is_mean = options.representation == "mean"
    entries, left_out = measure(
        lambda seed: sampler if is_mean else SampledCodes(sampler, seed),
        calls_of(options.metrics),
        seeds=options.seeds,
        active=active,
        resamples=options.resamples,
        strict=options.metrics is not None,
    )
    for entry in entries.values():
        entry["representation"] = options.representation
        default = "none" if kl is None else masks.DEFAULT
        entry["mask"] = masks.MASKS[options.mask or default]
    if not is_mean:  # They stand beside those of mean codes.
        entries, left_out = (
            {f"{key} of sampled codes": value for key, value in part.items()}
            for part in (entries, left_out)
        )
    return {"metrics": entries, "left_out": left_out}


def _kl_to_standard_normal(sampler: CodeSampler, seed: int) -> np.ndarray:
    points = sampler.sample(NUM_IMAGES, np.random.default_rng(seed))
    mean, stddev = posteriors_at(sampler, points, "mask='kl'")
    kl = 0.5 * (mean**2 + stddev**2 - 1) - np.log(stddev)
    return kl.mean(axis=0)


def data_of(dataset: FactorDataset, *, part_alone: bool = False) -> dict:
    """What evaluation.json says of the data; arguments as for `evaluate`."""
    measured = dataset if part_alone else dataset.whole
    data = {
        "name": dataset.name,
        "provenance": dataset.provenance,
        "images": len(dataset),
        "metrics_computed_on": measured.provenance,
        "factor_names": list(dataset.factor_names),
    }
    if measured.factor_names and not measured.is_product:
        data["note"] = NO_PRODUCT
    return data


def _image_numbers(own, seed) -> tuple[dict, np.ndarray]:
    """Distortion and rate, and the KL of each latent."""
    points = own.sample(NUM_IMAGES, np.random.default_rng(seed))
    terms = own.terms(points, seed)
    kl = terms.kl.mean(axis=0)
    distortion, rate = float(terms.distortion.mean()), float(kl.sum())
    return {
        "seed": seed,
        "num_images": NUM_IMAGES,
        "distortion": distortion,
        "rate": rate,
        "elbo": -distortion - rate,
        "kl_per_latent": kl.tolist(),
        "active_latents": int(np.sum(kl > ACTIVE_NATS)),
        "active_above_nats": ACTIVE_NATS,
    }, kl
