"""ModelCentrality: the model that others tell apart best, and it them."""

import math
import warnings
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import tqdm

from tfdisent.errors import UsageError
from tfdisent.metrics import checks
from tfdisent.metrics import codes as codes_lib

IMAGES_AT_ONCE = 2_048


class GenerativeModel(Protocol):
    """A model that makes images and says what is in them.

    Attributes:
      latents: indices of the latents that are fixed in turn, 2 or more: not
        the noise of a GAN, and better not those that a VAE leaves unused.
    """

    latents: Sequence[int]

    def sample_prior(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draws n sets of latents, noise included, [n, Z]."""
        ...

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Returns the images, [n, ...], of latents [n, Z]."""
        ...

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Returns the codes, [n, D], of images [n, ...]."""
        ...


def model_centrality(
    models: Sequence[GenerativeModel],
    rng: np.random.Generator,
    *,
    batch_size: int = 64,
    num_train: int = 200,
    num_test: int = 200,
    num_std: int = 2_000,
    threshold: float = checks.ACTIVE_STD,
) -> dict[str, int | np.ndarray]:
    """Scores each model by FactorVAE scores between it and every other one.

    The latents of model i are taken for the true factors of the images that
    it makes, and A_ij is the FactorVAE score of the codes of model j:

      for each vote take the next latent k of i, draw `batch_size` sets of
      latents from its prior, fix latent k at ONE value, decode by i, encode
      by j; the vote is argmin_d Var(z_d) / s_d^2, s_d being the standard
      deviation of z_d over images from the whole prior of i. A_ij is the
      accuracy, on fresh votes, of naming k from d as most training votes do.

    B = (A + A^T) / 2,  score_i = 1/(M - 1) sum_{j != i} B_ij;

    the medoid, with the highest score, is the model to choose. Images
    without factors are enough; even these are not needed.

    The authors measure accuracy on the training votes themselves, 100 of 100
    images for each latent, and let all codes vote. Here `threshold` leaves out
    codes that hardly vary, as in factor_vae_score; if none is left A_ij is 0,
    with a warning.

    The defaults cost 27,600 decodings for each model and as many encodings for
    each ordered pair. The standard deviation of an A_ij is at most 0.035, that
    of a score less by about sqrt(2 (M - 1)).

    Args:
      models: M of them, 2 or more, whose images have the same form.
      rng: source of randomness.
      batch_size: images for each vote, at least 2.
      num_train: votes that train the classifier, at least one for each latent.
      num_test: votes that measure it.
      num_std: images for the standard deviations.
      threshold: codes with a smaller standard deviation do not vote.

    Returns:
      "scores" [M] in [0, 1]; chance is one over the number of latents fixed;
      "accuracy" [M, M], A with zeros on the diagonal; and "medoid", an int.

    Raises:
      UsageError: a bad argument, less than two models, or bad latents or codes.

    References:
      Lin et al. 2020, InfoGAN-CR and ModelCentrality, section 4,
      https://arxiv.org/abs/1906.06034.
    """
    checks.check_at_least(2, batch_size=batch_size, num_std=num_std)
    checks.check_at_least(1, num_train=num_train, num_test=num_test)
    if not 0 <= threshold < math.inf:
        raise UsageError(
            f"threshold is {threshold}; give a standard deviation of 0 or more."
        )
    _check_models(models, num_train, rng)

    accuracy = np.zeros((len(models), len(models)))
    for i, generator in enumerate(
        tqdm.tqdm(
            models, desc="model centrality", leave=False, delay=5, disable=None
        )
    ):
        others = [model for j, model in enumerate(models) if j != i]
        std = _standard_deviations(generator, others, num_std, rng)
        active = [(s >= threshold) & (s > 0) for s in std]
        train, test = (
            _votes(generator, others, std, active, n, batch_size, rng)
            for n in (num_train, num_test)
        )
        accuracy[i, np.arange(len(models)) != i] = [
            _accuracy(*tables) for tables in zip(train, test, strict=True)
        ]
        collapsed = len(others) - sum(a.any() for a in active)
        if collapsed:
            warnings.warn(
                f"model_centrality: to {collapsed} of {len(others)} models the "
                f"images of model {i} look alike, in all codes to less than "
                f"{threshold}; they score 0 on them.",
                stacklevel=2,
            )
    scores = (accuracy + accuracy.T).sum(axis=1) / (2 * (len(models) - 1))
    return {
        "scores": scores,
        "accuracy": accuracy,
        "medoid": int(scores.argmax()),
    }


def _standard_deviations(generator, encoders, n, rng):
    """Returns [D] for each encoder, over n images from the prior."""
    codes = [
        _encode(generator, encoders, _draw(generator, len(part), rng))
        for part in _parts(np.arange(n), IMAGES_AT_ONCE)
    ]
    return [np.concatenate(c).std(axis=0) for c in zip(*codes, strict=True)]


def _votes(generator, encoders, std, active, num_votes, batch_size, rng):
    """Counts votes, [D, K] for each encoder: code d varied least, k fixed."""
    fixed = np.arange(num_votes) % len(generator.latents)
    tables = [np.zeros((len(s), len(generator.latents)), int) for s in std]
    for k in _parts(fixed, max(1, IMAGES_AT_ONCE // batch_size)):
        latents = _draw(generator, len(k) * batch_size, rng)
        groups = latents.reshape(len(k), batch_size, -1)  # a view
        column = np.asarray(generator.latents)[k]
        vote = np.arange(len(k))
        groups[vote, :, column] = groups[vote, 0, column][:, None]
        coded = _encode(generator, encoders, latents)
        for table, codes, s, a in zip(tables, coded, std, active, strict=True):
            if a.any():
                variance = codes.reshape(*groups.shape[:2], -1).var(axis=1)
                least = (variance[:, a] / s[a] ** 2).argmin(axis=1)
                np.add.at(table, (np.flatnonzero(a)[least], k), 1)
    return tables


def _accuracy(train: np.ndarray, test: np.ndarray) -> float:
    """Share of test votes [D, K] for the majority of the training votes."""
    hits = test[np.arange(len(test)), train.argmax(axis=1)].sum()
    return float(hits / max(1, test.sum()))


def _parts(values: np.ndarray, size: int) -> list[np.ndarray]:
    return np.split(values, range(size, len(values), size))


def _draw(model: GenerativeModel, n: int, rng) -> np.ndarray:
    latents = np.array(model.sample_prior(n, rng))  # a copy to change
    if latents.ndim != 2 or len(latents) != n:
        raise UsageError(
            f"sample_prior gave latents of shape {latents.shape} where {n} "
            f"sets were asked for; give ({n}, number of latents)."
        )
    return latents


def _check_models(models, num_train, rng) -> None:
    if len(models) < 2:
        raise UsageError(
            f"model_centrality got {len(models)} model; give two or more, to "
            "compare."
        )
    for model in models:
        fixed, drawn = list(model.latents), _draw(model, 1, rng).shape[1]
        if len(set(fixed)) < max(2, len(fixed)) or not set(fixed) <= set(
            range(drawn)
        ):
            raise UsageError(
                f"latents is {fixed}; give two or more different columns of "
                f"the {drawn} that sample_prior draws."
            )
        if num_train < len(fixed):
            raise UsageError(
                f"num_train is {num_train}; give one vote or more for each of "
                f"{len(fixed)} latents."
            )


def _encode(generator, encoders, latents: np.ndarray) -> list[np.ndarray]:
    images = generator.decode(latents)
    return [
        codes_lib.check_codes(encoder.encode(images), len(latents))
        for encoder in encoders
    ]
