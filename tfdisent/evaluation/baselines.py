"""Representations that nobody trained, which a trained one should beat."""

import functools

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError
from tfdisent.evaluation.dataset_codes import DatasetCodes, DatasetPoints
from tfdisent.evaluation.fast_ica import fast_ica, fast_ica_pairwise
from tfdisent.evaluation.metric_calls import metric_options
from tfdisent.evaluation.model_codes import ModelCodes
from tfdisent.evaluation.pca import flat, pca, pca_whitened
from tfdisent.metrics.checks import check_at_least
from tfdisent.models import MODELS
from tfdisent.models.arguments import check_choice


class _GroundTruth(DatasetPoints):
    """The factors' values, each with mean 0 and variance 1 over all images."""

    def codes(self, points: np.ndarray) -> np.ndarray:
        mean, std = self._moments
        return (self.factors(points) - mean) / np.where(std > 0, std, 1)

    @functools.cached_property
    def _moments(self) -> tuple[np.ndarray, np.ndarray]:
        sizes = np.array(self.factor_sizes)
        if self.dataset.is_product:  # 0..size - 1, each as often
            return (sizes - 1) / 2, np.sqrt((sizes**2 - 1) / 12)
        factors = self.factors(np.arange(self.num_points))
        return factors.mean(axis=0), factors.std(axis=0)


class _RandomCodes(DatasetPoints):
    """The rows of a table of noise."""

    def __init__(self, dataset, num_latents, seed, **described):
        super().__init__(dataset, **described)
        self._codes = np.random.default_rng(seed).standard_normal(
            (len(dataset), num_latents), np.float32
        )

    def codes(self, points: np.ndarray) -> np.ndarray:
        return self._codes[points]


def ground_truth(dataset: FactorDataset) -> DatasetPoints:
    """The factors themselves, as K codes of mean 0 and variance 1.

    A factor without order, such as shape, is one code too: its index.

    Raises:
      UsageError: If no factor is known.
    """
    if not dataset.factor_names:
        raise UsageError(
            f"ground_truth of {dataset.name} is not possible: no factor of its "
            "images is known."
        )
    return _GroundTruth(
        dataset, provenance=f"standardised factors of {dataset.provenance}"
    )


def raw_pixels(dataset: FactorDataset) -> DatasetCodes:
    """All H * W * C pixels as codes.

    For dSprites (4,096 codes) they are too many to be kept: every metric reads
    the images anew, and up to 20,000 at once, which takes about 2 GB. Higgins'
    score, FactorVAE's and the histogram MIG remain affordable, the last one
    with num_points=500; what compares codes with codes, or trains a classifier
    on each code or trees on all of them, does not.
    """
    return DatasetCodes(
        dataset, flat, provenance=f"pixels of {dataset.provenance}"
    )


def untrained(
    dataset: FactorDataset,
    *,
    num_latents: int = 10,
    seed: int = 0,
    model: str = "vae",
    architecture: str = "higgins",
) -> ModelCodes:
    """The encoder of a new model, with its posteriors.

    The beta-VAE paper's is of architecture mlp.

    Args:
      dataset: Where the images are.
      num_latents: Number of latents.
      seed: Of the weights, which are those that training starts from.
      model: A name in MODELS.
      architecture: A name in `models.networks.ARCHITECTURES`.

    Raises:
      UsageError: If an argument is unknown or does not fit the images.
    """
    check_choice("model", model, MODELS)
    check_at_least(0, seed=seed)
    options = {
        "num_latents": num_latents,
        "seed": seed,
        "architecture": architecture,
    }
    return ModelCodes(
        MODELS[model].from_dataset(dataset, **options),
        dataset,
        settings={"model": model, **options},
        provenance=f"untrained {model} ({architecture}) on "
        f"{dataset.provenance}",
    )


def random(
    dataset: FactorDataset, *, num_latents: int = 10, seed: int = 0
) -> DatasetPoints:
    """Gaussian noise, always the same for the same image and seed."""
    check_at_least(1, num_latents=num_latents)
    check_at_least(0, seed=seed)
    return _RandomCodes(
        dataset,
        num_latents,
        seed,
        settings={"num_latents": num_latents, "seed": seed},
        provenance=f"noise for {dataset.provenance}",
    )


BASELINES = {
    "ground_truth": ground_truth,
    "raw_pixels": raw_pixels,
    "pca": pca,
    "pca_whitened": pca_whitened,
    "fast_ica": fast_ica,
    "fast_ica_pairwise": fast_ica_pairwise,
    "untrained": untrained,
    "random": random,
}


def make_baseline(
    name: str, dataset: FactorDataset, **options
) -> list[DatasetPoints]:
    """Makes a baseline by its name.

    Args:
      name: A name in BASELINES.
      dataset: Where the images are.
      **options: Of the baseline's function, such as num_latents and seed.

    Returns:
      Representations whose scores are to be averaged: one, or several of
      fast_ica_pairwise. Each has `settings`, what defines it as JSON, and
      `provenance`, in words.

    Raises:
      UsageError: If the name or an option is unknown, or a value is wrong.
    """
    if name not in BASELINES:
        raise UsageError(
            f"There is no baseline {name!r}; there are {', '.join(BASELINES)}."
        )
    taken = metric_options(BASELINES[name])
    for option in options:
        if option not in taken:
            raise UsageError(
                f"The baseline {name} does not take {option!r}; it takes "
                f"{', '.join(taken) or 'no options'}."
            )
    made = BASELINES[name](dataset, **options)
    return made if isinstance(made, list) else [made]
