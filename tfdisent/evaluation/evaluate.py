"""A trained model and a data set give the numbers of evaluation.json."""

import inspect
import json
import pathlib
import time
import warnings
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
import tqdm

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError
from tfdisent.evaluation.representation import Representation
from tfdisent.metrics import METRICS
from tfdisent.models.base import LatentModel
from tfdisent.training.active import ACTIVE_NATS
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.device import device_name
from tfdisent.training.workdir import read_log, write_atomically

NUM_IMAGES = 10_000


def check_metrics(names: Sequence[str]) -> None:
    """Raises a UsageError unless all are in METRICS, and there is one."""
    if not names:
        raise UsageError(
            f"No metric was named; give some of {', '.join(METRICS)}."
        )
    for name in names:
        if name not in METRICS:
            raise UsageError(
                f"There is no metric {name!r}; there are {', '.join(METRICS)}."
            )


def evaluate(
    model: LatentModel,
    dataset: FactorDataset,
    *,
    metrics: Sequence[str] = tuple(METRICS),
    seed: int = 0,
) -> dict:
    """Measures a model, with all settings that define the numbers.

    Args:
      model: A trained model.
      dataset: What it was trained on. Metrics that fix factors need every
        combination of them and are computed on `dataset.product`.
      metrics: Names in METRICS.
      seed: Of the images, the noise and every metric.

    Returns:
      What goes into evaluation.json: "data", "images" (distortion, rate and
      KL per latent in nats) and "metrics".

    Raises:
      UsageError: If a metric is unknown.
    """
    check_metrics(metrics)
    with tqdm.tqdm(
        total=1 + len(metrics), desc="evaluate", leave=False, disable=None
    ) as bar:
        bar.set_postfix_str("distortion and rate")
        images = _image_numbers(model, dataset, seed)
        bar.update()
        representation = Representation(model, dataset.product)
        values = {}
        for name in metrics:
            bar.set_postfix_str(name)
            values[name] = _measure(METRICS[name], representation, seed)
            bar.update()
    return {
        "data": {
            "name": dataset.name,
            "provenance": dataset.provenance,
            "images": len(dataset),
            "metrics_computed_on": dataset.product.provenance,
        },
        "seed": seed,
        "representation": "mean",
        "images": images,
        "metrics": values,
    }


def _image_numbers(model, dataset, seed) -> dict:
    factors = dataset.sample_factors(NUM_IMAGES, np.random.default_rng(seed))
    terms = Representation(model, dataset).terms(factors, seed)
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
    }


def _measure(metric: Callable, representation: Representation, seed) -> dict:
    """Values, settings, warnings and time of a metric."""
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        values = metric(representation, np.random.default_rng(seed))
    return {
        "values": values,
        "settings": {
            name: parameter.default
            for name, parameter in inspect.signature(metric).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        },
        "warnings": [
            str(w.message) for w in caught if w.category is UserWarning
        ],
        "seconds": round(time.perf_counter() - start, 1),
    }


def write_evaluation(
    workdir: pathlib.Path,
    config: ExperimentConfig,
    step: int,
    evaluation: dict,
) -> dict:
    """Adds what the run cost and writes evaluation.json.

    Returns:
      What was written.

    Raises:
      RunError: If it cannot be written.
    """
    log = read_log(workdir / "log.jsonl")
    trained = [record for record in log if record["step"] <= step]
    last = trained[-1] if trained else {}
    whole = {
        "model": config.model,
        "hparams": config.hparams,
        "training": {
            "step": step,
            "batch_size": config.batch_size,
            "images_seen": step * config.batch_size,
            "seconds": last.get("seconds"),
            "seed": config.seed,
            "device": last.get("device"),
        },
        "evaluated_with": {
            "device": device_name(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        **evaluation,
    }
    write_atomically(
        workdir / "evaluation.json", json.dumps(whole, indent=2) + "\n"
    )
    return whole


def read_evaluation(workdir: pathlib.Path) -> dict | None:
    """What `write_evaluation` wrote; None if it is missing or damaged."""
    try:
        evaluation = json.loads((workdir / "evaluation.json").read_text())
    except (OSError, ValueError):
        return None
    parts = {"model", "training", "data", "seed", "images", "metrics"}
    is_whole = isinstance(evaluation, dict) and parts <= set(evaluation)
    return evaluation if is_whole else None
