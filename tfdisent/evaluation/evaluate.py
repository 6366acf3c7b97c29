"""A trained model and a data set give the numbers of evaluation.json."""

import functools
from collections.abc import Sequence

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError
from tfdisent.evaluation import mask as masks
from tfdisent.evaluation.image_metrics import IMAGE_METRICS
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


def calls_of(metrics: str | None) -> list[MetricCall]:
    """Reads what metrics were asked for; None for the default ones.

    Raises:
      UsageError: If it cannot be read, or a metric or option is unknown.
    """
    if metrics == "all":
        metrics = ", ".join(METRICS)
    return parse_calls(metrics or ", ".join(DEFAULT_METRICS), ALL_METRICS)


def evaluate(
    model: LatentModel,
    dataset: FactorDataset,
    *,
    metrics: str | None = None,
    seeds: Sequence[int] = (0,),
    representation: str = "mean",
    mask: str | None = None,
    resamples: int = 0,
) -> dict:
    """Measures a model, with all settings that define the numbers.

    Args:
      model: A trained model.
      dataset: What it was trained on. Metrics are computed on
        `dataset.product`, since some fix factors and need every combination.
      metrics: Calls, as in "mig_histogram, higgins_score(num_pairs=16)"; "all";
        or None for the default ones, of which those that are not possible are
        left out.
      seeds: Of the metrics, one or more. The first is that of the images, too.
      representation: "mean" of q(z|x), or "sampled": one draw for each image
        and seed.
      mask: Which latents count as active: one of `mask.MASKS`. None for those
        of KL, and no masked values if there are none.
      resamples: Of the points, for confidence intervals; 0 for none.

    Returns:
      What goes into evaluation.json: "data", "images" (distortion, rate and
      KL per latent in nats), "metrics" and "left_out".

    Raises:
      UsageError: If an argument is wrong, or a metric is not possible that was
        asked for.
    """
    calls = calls_of(metrics)
    if representation not in REPRESENTATIONS:
        raise UsageError(
            f"representation={representation!r} is not known; give mean or "
            "sampled."
        )
    whole = Representation(model, dataset.product)
    images, kl = _image_numbers(model, dataset, whole, seeds[0])

    def sampler_of(seed: int):
        if representation == "mean":
            return whole
        return SampledCodes(whole, seed)

    measured = _measured(sampler_of, calls, metrics, seeds, mask, kl, resamples)
    for entry in measured["metrics"].values():
        entry["representation"] = representation
    if representation != "mean":
        # They stand beside those of mean codes.
        measured = {
            part: {f"{key} of sampled codes": v for key, v in entries.items()}
            for part, entries in measured.items()
        }
    return {
        "data": data_of(dataset),
        "seed": seeds[0],
        "images": images,
        **measured,
    }


def evaluate_codes(
    samplers: CodeSampler | Sequence[CodeSampler],
    *,
    metrics: str | None = None,
    seeds: Sequence[int] = (0,),
    mask: str | None = None,
    resamples: int = 0,
) -> dict:
    """Measures anybody's codes: a baseline's, a file's.

    Args:
      samplers: Gives points, factors and codes. Of several the values are
        means, and what else is known is of the first.
      metrics: As for `evaluate`.
      seeds: As for `evaluate`.
      mask: As for `evaluate`; no mask unless given.
      resamples: As for `evaluate`.

    Returns:
      "metrics" and "left_out" of evaluation.json.

    Raises:
      UsageError: As for `evaluate`.
    """
    calls = calls_of(metrics)
    if not isinstance(samplers, Sequence):
        samplers = [samplers]
    parts = []
    for sampler in samplers:
        kl = _kl_to_standard_normal(sampler, seeds[0]) if mask == "kl" else None
        parts.append(
            _measured(
                functools.partial(_same, sampler),
                calls,
                metrics,
                seeds,
                mask,
                kl,
                resamples,
            )
        )
    return _averaged(parts)


def _same(sampler: CodeSampler, seed: int) -> CodeSampler:
    del seed  # these codes are not sampled anew
    return sampler


def _averaged(parts: list[dict]) -> dict:
    """The first part, with the mean values of all."""
    first, *others = parts
    for key, entry in first["metrics"].items():
        values = [part["metrics"][key]["values"] for part in parts]
        if others:
            entry["values"] = {
                name: s["mean"] for name, s in describe_all(values).items()
            }
            entry["values_of_each"] = values
    return first


def _measured(sampler_of, calls, metrics, seeds, mask, kl, resamples) -> dict:
    active = masks.active_latents(mask, sampler_of(seeds[0]), seeds[0], kl)
    entries, left_out = measure(
        sampler_of,
        calls,
        seeds=seeds,
        active=active,
        resamples=resamples,
        strict=metrics is not None,
    )
    for entry in entries.values():
        if "masked" in entry:
            entry["masked"]["mask"] = masks.MASKS[mask or masks.DEFAULT]
    return {"metrics": entries, "left_out": left_out}


def _kl_to_standard_normal(sampler: CodeSampler, seed: int) -> np.ndarray:
    points = sampler.sample(NUM_IMAGES, np.random.default_rng(seed))
    mean, stddev = posteriors_at(sampler, points, "mask='kl'")
    kl = 0.5 * (mean**2 + stddev**2 - 1) - np.log(stddev)
    return kl.mean(axis=0)


def data_of(dataset: FactorDataset) -> dict:
    """What evaluation.json says of the data."""
    return {
        "name": dataset.name,
        "provenance": dataset.provenance,
        "images": len(dataset),
        "metrics_computed_on": dataset.product.provenance,
        "factor_names": list(dataset.factor_names),
    }


def _image_numbers(model, dataset, whole, seed) -> tuple[dict, np.ndarray]:
    """Distortion and rate, and the KL of each latent."""
    own = whole if dataset.is_product else Representation(model, dataset)
    points = own.sample(NUM_IMAGES, np.random.default_rng(seed))
    terms = own.terms(points, seed)
    kl = terms.kl.mean(axis=0)
    distortion, rate = float(terms.distortion.mean()), float(kl.sum())
    return {
        "num_images": NUM_IMAGES,
        "distortion": distortion,
        "rate": rate,
        "elbo": -distortion - rate,
        "kl_per_latent": kl.tolist(),
        "active_latents": int(np.sum(kl > ACTIVE_NATS)),
        "active_above_nats": ACTIVE_NATS,
    }, kl
