"""Interventional robustness: does a latent heed one factor alone?"""

import warnings

import numpy as np

from tfdisent.errors import UsageError
from tfdisent.metrics import checks
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.discretize import discretize

_FEW = 10  # points; of fewer, a quantile of deviations says little


def irs(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_points: int = 10_000,
    quantile: float = 0.99,
    num_bins: int | None = None,
) -> dict[str, float | np.ndarray]:
    """Interventional robustness score.

    M_j  = max |z_j - E z_j|
    D_jk = mean over values v of factor k of
           quantile{|z_j - E[z_j | v_k = v]| : v_k = v}
    R_jk = 1 - D_jk / M_j
    IRS  = sum_j M_j max_k R_jk / sum_j M_j

    over the latents that are not constant; 0 if all are. Codes equal to the
    factors score 1, duplicates of them as well. NOISE DOES NOT SCORE 0: the
    largest of 10,000 deviations is larger than a quantile of a few hundred,
    which makes 0.38 for Gaussian noise (0.25 with quantile=1), and a rotation
    of the factors of dSprites scores 0.46 (0.41). Latents at any common scale
    score the same; scaling one of them changes its weight, not its row of R.

    Deviations: the paper takes the maximum, quantile=1; 0.99 is the 2019
    study's. The study cuts the factors in 20 bins first, num_bins=20, which
    merges values of those with more: perfect codes score 0.99 with it; by
    default each value is its own. It drops codes of variance 0; here those
    that are constant but for the rounding of float32.

    Takes 0.02 seconds. The Monte-Carlo standard deviation is 0 for perfect
    codes, 0.004 for rotations of them and 0.014 for noise.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      num_points: points drawn, one encoding each.
      quantile: of the deviations, above 0 and at most 1.
      num_bins: equally wide bins of each factor; None for a bin a value.

    Returns:
      "irs", at most 1, and below 0 where a latent changes more while a factor
      is fixed than it does at large; "irs/matrix", R, [D, K], zeros for
      latents and factors left out; "irs/active_latents", the number of latents
      that count.

    Raises:
      UsageError: a bad argument, bad codes, or no factor that varies.

    References:
      Suter et al. 2019, Robustly Disentangled Causal Mechanisms, section 4;
      Locatello et al. 2019, Challenging Common Assumptions.
    """
    checks.check_at_least(2, num_points=num_points)
    if num_bins is not None:
        checks.check_at_least(2, num_bins=num_bins)
    if not 0 < quantile <= 1:
        raise UsageError(
            f"quantile is {quantile}; give a number above 0 and at most 1."
        )
    codes, factors = codes_lib.draw_table(sampler, num_points, rng)
    varying = checks.varying_factors(
        "irs", sampler.factor_names, factors, at_least=1
    )
    checks.warn_of_degenerate("irs", codes.std(axis=0))
    _warn_of_rare_values(factors[:, varying])

    active = np.flatnonzero(~codes_lib.is_constant(codes))
    matrix = np.zeros((codes.shape[1], factors.shape[1]))
    if not active.size:
        return {"irs": 0.0, "irs/matrix": matrix, "irs/active_latents": 0.0}
    if num_bins is not None:
        factors = discretize(factors, num_bins)
    z = codes[:, active]
    largest = np.abs(z - z.mean(axis=0)).max(axis=0)  # M
    for k in varying:
        deviation = _deviation(z, factors[:, k], quantile)
        matrix[active, k] = 1 - deviation / largest
    best = matrix[np.ix_(active, varying)].max(axis=1)
    return {
        "irs": float(np.average(best, weights=largest)),
        "irs/matrix": matrix,
        "irs/active_latents": float(active.size),
    }


def _deviation(
    codes: np.ndarray, factor: np.ndarray, quantile: float
) -> np.ndarray:
    """Returns column k of D, [D]."""
    order = np.argsort(factor, kind="stable")
    starts = np.flatnonzero(np.diff(factor[order])) + 1
    groups = np.split(codes[order], starts)  # one for each value
    return np.mean(
        [
            np.quantile(np.abs(z - z.mean(axis=0)), quantile, axis=0)
            for z in groups
        ],
        axis=0,
    )


def _warn_of_rare_values(factors: np.ndarray) -> None:
    rare = sum(
        (np.unique(column, return_counts=True)[1] < _FEW).sum()
        for column in factors.T
    )
    if rare:
        warnings.warn(
            f"irs: {rare} values of factors occur in fewer than {_FEW} of "
            f"{len(factors)} points; their deviations come out too small.",
            stacklevel=3,
        )
