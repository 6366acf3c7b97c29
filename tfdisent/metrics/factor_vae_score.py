"""The score of the FactorVAE paper: which code varies least?"""

import math
import warnings

import numpy as np

from tfdisent.errors import UsageError
from tfdisent.metrics import checks
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.samplers import split_rows


def factor_vae_score(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    batch_size: int = 64,
    num_train: int = 300,
    num_test: int = 500,
    num_std: int = 4_000,
    threshold: float = checks.ACTIVE_STD,
) -> dict[str, float | np.ndarray]:
    """Accuracy of naming the fixed factor from the code that varies least.

    For each vote draw a factor k, fix it at ONE value for `batch_size` sets
    of factors, and let j* = argmin_j Var(z_j) / s_j^2 over the active latents,
    s_j being the standard deviation of z_j over the data. The classifier says
    C_j = argmax_k V_jk, V the table of training votes; the score is its
    accuracy on fresh votes. Chance is 1/K.

    The defaults cost 55,200 encodings. The 2019 study's counts, num_train =
    10,000, num_test = 5,000 and num_std = 10,000, cost 970,000. The
    Monte-Carlo standard deviation was 0 for perfect codes, 0.01 to 0.02 for
    rotated, partial and noise codes of the factors of dSprites, and 0.03 where
    two factors all but tie for a code; with the study's counts 0.004 to 0.008,
    and 0.013 with the tie. A high score is no proof of alignment: three
    rotations of the factors scored 0.62, 0.77 and 0.93.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      batch_size: sets of factors for each vote (L), at least 2. The score
        depends on it.
      num_train: votes that train the classifier.
      num_test: votes that measure it.
      num_std: points for the standard deviations.
      threshold: latents with a smaller standard deviation take no part.

    Returns:
      "factor_vae_score" in [0, 1], 0 if no latent is active;
      "factor_vae_score/active_latents", their number; and
      "factor_vae_score/votes_matrix", V, [D, K], as shares of the votes for
      each factor.

    Raises:
      UsageError: a bad argument, bad codes, or less than two factors that
        vary.

    References:
      Kim and Mnih 2018, Disentangling by Factorising;
      Locatello et al. 2019, Challenging Common Assumptions.
    """
    checks.check_at_least(2, batch_size=batch_size, num_std=num_std)
    checks.check_at_least(1, num_train=num_train, num_test=num_test)
    if not 0 <= threshold < math.inf:
        raise UsageError(
            f"threshold is {threshold}; give a standard deviation of 0 or more."
        )
    codes, factors = codes_lib.draw_table(sampler, num_std, rng)
    varying = checks.varying_factors(
        "factor_vae_score", sampler.factor_names, factors, at_least=2
    )
    std = codes.std(axis=0, ddof=1)  # [D]
    active = np.flatnonzero((std >= threshold) & (std > 0))
    if not active.size:
        warnings.warn(
            f"factor_vae_score is 0: no latent has a standard deviation of "
            f"{threshold} or more.",
            stacklevel=2,
        )
        return {
            "factor_vae_score": 0.0,
            "factor_vae_score/active_latents": 0.0,
            "factor_vae_score/votes_matrix": np.zeros(
                (len(std), len(sampler.factor_names))
            ),
        }
    checks.warn_of_degenerate("factor_vae_score", std)

    samplers = split_rows(sampler, num_train, num_test, rng)
    train, test = (
        _votes(part, rng, num_votes, batch_size, varying, std, active)
        for part, num_votes in zip(samplers, (num_train, num_test), strict=True)
    )
    classifier = train.argmax(axis=1)  # [D], the factor that each code names
    hits = test[np.arange(len(std)), classifier].sum()
    return {
        "factor_vae_score": float(hits / num_test),
        "factor_vae_score/active_latents": float(active.size),
        "factor_vae_score/votes_matrix": train
        / np.maximum(train.sum(axis=0), 1),
    }


def _votes(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    num_votes: int,
    batch_size: int,
    varying: np.ndarray,
    std: np.ndarray,
    active: np.ndarray,
) -> np.ndarray:
    """Counts votes, [D, K] int64: code j varied least while k was fixed."""
    table = np.zeros((len(std), len(sampler.factor_sizes)), np.int64)
    at_once = max(1, codes_lib.MAX_ROWS // batch_size)
    for start in range(0, num_votes, at_once):
        n = min(at_once, num_votes - start)
        fixed = rng.choice(varying, size=n)
        some = codes_lib.factors_at(sampler, sampler.sample(n, rng))
        values = some[np.arange(n), fixed]
        points = sampler.sample_with(
            np.repeat(fixed, batch_size), np.repeat(values, batch_size), rng
        ).reshape(n, batch_size)
        codes = codes_lib.encode(sampler, points)  # [n, L, D]
        ratio = codes.var(axis=1, ddof=1)[:, active] / std[active] ** 2
        np.add.at(table, (active[ratio.argmin(axis=1)], fixed), 1)
    return table
