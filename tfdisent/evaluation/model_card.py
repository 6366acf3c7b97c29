"""The card of an export: what the model is, and what each latent means."""

import base64
import dataclasses
import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import stats

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.evaluation.evaluate import NUM_IMAGES, data_of
from tfdisent.evaluation.evaluation_file import evaluated_with
from tfdisent.evaluation.figures.latents import is_inactive, order_by_kl
from tfdisent.evaluation.representation import Representation
from tfdisent.metrics import information
from tfdisent.metrics.discretize import discretize
from tfdisent.models.base import LatentModel
from tfdisent.training.active import ACTIVE_NATS
from tfdisent.training.config import ExperimentConfig

FORMAT = 1
"""Of the card; grows when a key changes its meaning or goes."""

SEED = 0
TAILS = 0.01  # of the posterior means lie below "low", and above "high"
NUM_BINS = 20  # as mig_histogram
NUM_EXAMPLES = 8
# A latent is named after a factor of which it tells this share, or that it
# follows by this rank correlation: a turned position has the second alone, and
# a colour, which goes round a circle, the first.
MEANINGFUL_SHARE = 0.3
MEANINGFUL_CORRELATION = 0.5


def model_card(
    model: LatentModel,
    dataset: FactorDataset,
    config: ExperimentConfig,
    step: int,
    evaluation: dict | None,
) -> dict:
    """Describes a trained model, for whoever gets its export.

    The latents are measured on 10,000 draws of an image, those of the seed 0 in
    evaluation.json. That takes one to two seconds for images of 64 x 64.

    Args:
      model: The trained model.
      dataset: What it was trained on.
      config: Of the run.
      step: Of the weights.
      evaluation: What evaluation.json of the run holds; None if it is missing.

    Returns:
      What json.dumps takes with allow_nan=False; numbers that are not finite
      are None.

      * "format": FORMAT.
      * "model": its name in MODELS.
      * "image_shape": height, width and channels.
      * "num_latents": D.
      * "step": updates that the weights have seen.
      * "made_with": the device, versions of tfdisent, TensorFlow and others.
      * "config": config.json of the run, by which it can be trained again.
      * "data": name and provenance of the data set, its number of images, names
        of its factors.
      * "examples": images of the data, drawn with the seed 0: "png" in base64,
        and "factors", the number of each factor's value by name; none of other
        images than grey and RGB ones.
      * "evaluation": "images", "metrics" and "left_out" of evaluation.json
        without matrices, or None; then "evaluation_missing" says why.
      * "latents_measured_on": what the numbers of "latents" were computed from.
      * "latents": none if the model has no encoder; else one entry for each,
        the largest KL first:
        "index" in codes, "name" for a reader, as z3, "kl" to the prior in nats,
        "active": KL above 0.05 nats; of its posterior means "mean", "stddev",
        "min", "max" and the 1 % and 99 % quantiles "low" and "high", between
        which a traversal stays in what the decoder has seen; "factor": "name"
        of the one that it tells most of, and "share" in [0, 1] of that factor's
        entropy, I(z; v) / H(v) as in mig_histogram, or None if it tells of
        none; "correlation": its Spearman correlation with that factor, in
        [-1, 1]; "meaning": the factor's name if the latent is active, and the
        share is 0.3 or more or the correlation 0.5 or more, up or down; else
        None.
      * "signatures", which `export_run` adds: those of the export, with the
        names, shapes, dtypes and meanings of inputs and outputs.
    """
    card = {
        "format": FORMAT,
        "model": config.model,
        "image_shape": list(model.image_shape),
        "num_latents": model.num_latents,
        "step": step,
        # First what a reader looks for.
        **_latents(model, dataset),
        "data": data_of(dataset),
        "config": dataclasses.asdict(config),
        "made_with": evaluated_with(),
        **_evaluation(evaluation, step),
        "examples": _examples(dataset),
    }
    return _strict(card)


def _evaluation(evaluation: dict | None, step: int) -> dict:
    """The numbers of this step, or why there are none."""
    missing = None
    if evaluation is None:
        missing = "the run has no evaluation.json"
    elif (measured := evaluation.get("training", {}).get("step")) != step:
        missing = f"evaluation.json is of step {measured}, not of {step}"
    if missing:
        return {"evaluation": None, "evaluation_missing": missing}
    parts = ("evaluated_with", "images", "left_out")
    kept = {key: evaluation[key] for key in parts if key in evaluation}
    kept["metrics"] = {
        # Nothing in a card needs the matrices, which are most of the file.
        key: {name: x for name, x in entry.items() if name != "matrices"}
        for key, entry in evaluation["metrics"].items()
    }
    return {"evaluation": kept, "evaluation_missing": None}


def _examples(dataset: FactorDataset) -> list[dict]:
    if dataset.image_shape[-1] not in (1, 3):
        return []
    rng = np.random.default_rng(SEED)
    indices = rng.integers(len(dataset), size=NUM_EXAMPLES)
    images = dataset.images(indices)
    rows = dataset.factors_of(indices)
    names = dataset.factor_names
    return [
        {
            "png": base64.b64encode(_png(image)).decode(),
            "factors": dict(zip(names, row.tolist(), strict=True)),
        }
        for image, row in zip(images, rows, strict=True)
    ]


def _png(image: np.ndarray) -> bytes:
    """A PNG file of an image `[H, W, 1 or 3]`, uint8."""
    file = io.BytesIO()
    Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(
        file, "PNG"
    )
    return file.getvalue()


def _latents(model: LatentModel, dataset: FactorDataset) -> dict:
    if not model.encode:
        return {"latents_measured_on": None, "latents": []}
    representation = Representation(model, dataset)
    points = representation.sample(NUM_IMAGES, np.random.default_rng(SEED))
    means = representation.codes(points)
    kl = representation.kl(points).mean(axis=0)
    factors = representation.factors(points)
    shares = _shares(means, factors)
    return {
        "latents_measured_on": {
            "data": dataset.provenance,
            "num_images": NUM_IMAGES,
            "seed": SEED,
            "active_above_nats": ACTIVE_NATS,
            "bins": NUM_BINS,
        },
        "latents": [
            {
                "index": d,
                "name": f"z{d}",
                "kl": kl[d],
                "active": not is_inactive(kl[d]),
                **_range(means[:, d]),
                **_meaning(
                    not is_inactive(kl[d]),
                    shares[d],
                    (means[:, d], factors),
                    dataset.factor_names,
                ),
            }
            for d in order_by_kl(kl)
        ],
    }


def _shares(means: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """What part of each factor's entropy each latent tells, [D, K].

    A rank correlation would miss the factors that are angles or colours.
    """
    if not factors.size or not np.isfinite(means).all():
        return np.zeros((means.shape[1], factors.shape[1]))
    labels = discretize(means, NUM_BINS)
    entropy = information.entropies(factors)
    mutual = information.mutual_information(labels, factors)
    return mutual / np.where(entropy > 0, entropy, np.inf)


def _meaning(
    is_active: bool,
    shares: np.ndarray,
    points: tuple[np.ndarray, np.ndarray],
    names: Sequence[str],
) -> dict:
    if not shares.any():
        return {"factor": None, "meaning": None}
    best = int(np.argmax(shares))
    share = shares[best]
    codes, factors = points
    correlation = stats.spearmanr(codes, factors[:, best]).statistic
    is_clear = (
        share >= MEANINGFUL_SHARE or abs(correlation) >= MEANINGFUL_CORRELATION
    )
    return {
        "factor": {
            "name": names[best],
            "share": share,
            "correlation": correlation,
        },
        "meaning": names[best] if is_active and is_clear else None,
    }


def _range(means: np.ndarray) -> dict:
    low, high = np.quantile(means, [TAILS, 1 - TAILS])
    return {
        "mean": means.mean(),
        "stddev": means.std(),
        "min": means.min(),
        "low": low,
        "high": high,
        "max": means.max(),
    }


def _strict(value):
    """The same for strict JSON, which has no NaN and knows no numpy."""
    if isinstance(value, dict):
        return {key: _strict(x) for key, x in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(x) for x in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
