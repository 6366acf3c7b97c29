"""Several runs side by side: which models found the same latents?"""

from collections.abc import Hashable, Sequence

import numpy as np
import tensorflow as tf

from tfdisent.errors import UsageError
from tfdisent.evaluation.mask import ACTIVE_NATS
from tfdisent.evaluation.metric_calls import MetricCall
from tfdisent.evaluation.representation import Representation
from tfdisent.evaluation.warned import warned
from tfdisent.metrics.model_centrality import (
    model_centrality as centrality_of,
)
from tfdisent.metrics.udr import median_over_others, udr


class Runs:
    """Trained models of the same images.

    Args:
      representations: One for each run, two or more.
      groups: Labels; runs that differ in their seeds alone have equal ones.

    Raises:
      UsageError: If there are less than two, or their data differ.
    """

    def __init__(
        self,
        representations: Sequence[Representation],
        groups: Sequence[Hashable],
    ):
        data = {(r.dataset.name, r.dataset.provenance) for r in representations}
        if len(representations) < 2 or len(data) > 1:
            raise UsageError(
                f"There are {len(representations)} runs on {len(data)} data "
                "sets; give two or more runs on the same data."
            )
        self.representations = list(representations)
        self.groups = list(groups)


def udr_lasso(
    runs: Runs,
    rng: np.random.Generator,
    *,
    num_points: int = 1_000,
    threshold: float = 0.01,
    alpha: float = 0.1,
    normalization: str = "mean",
) -> dict[str, np.ndarray]:
    """UDR, latents related by the coefficients of a lasso.

    Args:
      runs: What is compared.
      rng: Source of randomness.
      num_points: Images that all models encode.
      threshold: KL in nats above which a latent is informative.
      alpha: Of the lasso.
      normalization: mean (the 2019 study's code) or paper; see `metrics.udr`.

    Returns:
      "scores" [M], each against runs of the same hyper-parameters (NaN where
      there are none), "scores_all_to_all" [M] and "similarity_matrix" [M, M].
    """
    options = {"threshold": threshold, "normalization": normalization}
    return _udr(runs, rng, num_points, relation="lasso", alpha=alpha, **options)


def udr_spearman(
    runs: Runs,
    rng: np.random.Generator,
    *,
    num_points: int = 1_000,
    threshold: float = 0.01,
    normalization: str = "mean",
) -> dict[str, np.ndarray]:
    """UDR, latents related by rank correlation.

    Args:
      runs: What is compared.
      rng: Source of randomness.
      num_points: Images that all models encode.
      threshold: KL in nats above which a latent is informative.
      normalization: mean (the 2019 study's code) or paper; see `metrics.udr`.

    Returns:
      As `udr_lasso`.
    """
    options = {"threshold": threshold, "normalization": normalization}
    return _udr(runs, rng, num_points, relation="spearman", **options)


def model_centrality(
    runs: Runs,
    rng: np.random.Generator,
    *,
    batch_size: int = 64,
    num_train: int = 200,
    num_test: int = 200,
) -> dict[str, np.ndarray]:
    """ModelCentrality: FactorVAE scores of each model by the others' latents.

    Args:
      runs: What is compared.
      rng: Source of randomness.
      batch_size: Images for each vote.
      num_train: Votes that train the classifier.
      num_test: Votes that measure it.

    Returns:
      "scores_all_to_all" [M] and "similarity_matrix" [M, M], row i the latents
      that are fixed, column j the codes that are read.
    """
    generators = [_Generator(r, rng) for r in runs.representations]
    found = centrality_of(
        generators,
        rng,
        batch_size=batch_size,
        num_train=num_train,
        num_test=num_test,
    )
    return {
        "scores_all_to_all": found["scores"],
        # No model is compared with itself.
        "similarity_matrix": np.where(
            np.eye(len(generators)), np.nan, found["accuracy"]
        ),
    }


COMPARISONS = {
    "udr_lasso": udr_lasso,
    "udr_spearman": udr_spearman,
    "model_centrality": model_centrality,
}


def compare(
    runs: Runs, calls: Sequence[MetricCall], *, seed: int = 0
) -> dict[str, dict]:
    """Scores all runs.

    Args:
      runs: What is compared.
      calls: Of COMPARISONS.
      seed: Of all draws.

    Returns:
      For each call, by its key: "settings", "scores" (None where a run has no
      other of the same hyper-parameters), "scores_all_to_all",
      "similarity_matrix" and "warnings".

    Raises:
      UsageError: If an option is wrong.
    """
    entries = {}
    for call in calls:
        with warned() as texts:
            found = call(runs, np.random.default_rng(seed))
        entries[call.key] = {
            "settings": call.settings(),
            **{name: _plain(value) for name, value in found.items()},
            "warnings": texts,
        }
    return entries


def _udr(runs: Runs, rng, num_points: int, **options) -> dict:
    points = runs.representations[0].sample(num_points, rng)
    codes = [r.codes(points) for r in runs.representations]
    kls = [r.kl(points).mean(axis=0) for r in runs.representations]
    whole = udr(codes, kls, **options)
    similarity = whole["similarity"]
    same = np.array(runs.groups)[:, None] == np.array(runs.groups)
    return {
        "scores": median_over_others(np.where(same, similarity, np.nan)),
        "scores_all_to_all": whole["scores"],
        "similarity_matrix": similarity,
    }


def _plain(values: np.ndarray) -> list:
    """Lists, with None for what is not defined."""
    return np.where(np.isnan(values), None, values.astype(object)).tolist()


class _Generator:
    """A run for ModelCentrality: its active latents are fixed in turn."""

    def __init__(self, representation: Representation, rng):
        self._representation = representation
        self._model = representation.model
        points = representation.sample(1_000, rng)
        kl = representation.kl(points).mean(axis=0)
        # Two at least, or there is nothing to tell apart.
        active = max(2, int((kl > ACTIVE_NATS).sum()))
        self.latents = sorted(np.argsort(-kl, kind="stable")[:active].tolist())

    def sample_prior(self, n: int, rng: np.random.Generator) -> np.ndarray:
        prior = self._model.prior
        noise = rng.standard_normal((n, self._model.num_latents), np.float32)
        return prior.mean() + prior.stddev() * noise

    def decode(self, latents: np.ndarray) -> np.ndarray:
        return self._representation.decode(latents)

    def encode(self, images: np.ndarray) -> np.ndarray:
        return self._model.encode(tf.constant(images)).mean().numpy()
