"""How far codes are from uncorrelated: two numbers of their covariance."""

import warnings

import numpy as np

from tfdisent.metrics import checks
from tfdisent.metrics import codes as codes_lib

SMALLEST_EIGENVALUE = 1e-12
"""Of a correlation matrix: smaller ones are the rounding of float32 codes."""


def tc_gaussian(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_points: int = 10_000,
) -> dict[str, float]:
    """Total correlation of a Gaussian with the covariance C of the codes.

    TC = 1/2 (sum_j log C_jj - log det C) = -1/2 sum_i log lambda_i,

    lambda_i being the eigenvalues of the correlation matrix: so it does not
    depend on the scale of a code. It is the total correlation of the codes if
    they are Gaussian, and sees nothing but linear dependence if they are not.

    Latents that are constant but for the rounding of float32 are left out,
    with a warning; the 2019 study got NaN. Where a latent is a linear function
    of others TC is infinite: eigenvalues count as SMALLEST_EIGENVALUE or more,
    so that each such latent adds at most 13.8 nats, with a warning.

    The covariance of n independent codes is not quite diagonal: of D latents
    TC is then D (D - 1) / 4n on average, 0.002 nats for 10 latents and the
    defaults. For Gaussian codes with correlation 0.5 the standard deviation is
    0.006 nats. Costs one encoding for each point.

    Args:
      sampler: gives codes; factors are not needed.
      rng: source of randomness.
      num_points: points drawn, at least 2.

    Returns:
      "tc_gaussian" >= 0, in nats; 0 for a single latent.

    Raises:
      UsageError: a bad argument or bad codes.

    References:
      Locatello et al. 2019, Challenging Common Assumptions.
    """
    checks.check_at_least(2, num_points=num_points)
    codes, _ = codes_lib.draw_table(sampler, num_points, rng)
    checks.warn_of_degenerate("tc_gaussian", codes.std(axis=0))

    varying = ~codes_lib.is_constant(codes)
    if not varying.all():
        warnings.warn(
            f"tc_gaussian leaves out {int((~varying).sum())} of "
            f"{len(varying)} latents, which are constant.",
            stacklevel=2,
        )
    codes = codes[:, varying] - codes[:, varying].mean(axis=0)
    codes /= codes.std(axis=0)
    eigenvalues = np.linalg.eigvalsh(codes.T @ codes / len(codes))
    determined = int((eigenvalues < SMALLEST_EIGENVALUE).sum())
    if determined:
        warnings.warn(
            f"tc_gaussian is infinite, for {determined} latents are linear "
            "functions of others in the codes drawn; their eigenvalues count "
            f"as {SMALLEST_EIGENVALUE}.",
            stacklevel=2,
        )
    logs = np.log(np.maximum(eigenvalues, SMALLEST_EIGENVALUE))
    return {"tc_gaussian": max(0.0, float(-0.5 * logs.sum()))}


def gaussian_wasserstein(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_points: int = 10_000,
) -> dict[str, float]:
    """Distance from N(0, C), C the covariance of codes, to N(0, diag C).

    W^2 = 2 tr C - 2 tr (C diag C)^(1/2),

    the squared 2-Wasserstein distance. C diag C has the eigenvalues of the
    symmetric (diag C)^(1/2) C (diag C)^(1/2), whose root is real, where the
    2019 study took the root of the first matrix, which can come out complex.
    It grows with the square of the scale of the codes; W^2 / tr C does not
    depend on a scale common to all, but latents of large variance weigh most.

    For D independent codes of variance 1 it is D (D - 1) / 4n on average,
    0.002 for 10 latents and the defaults, and normalised 0.0002. Costs one
    encoding for each point.

    Args:
      sampler: gives codes; factors are not needed.
      rng: source of randomness.
      num_points: points drawn, at least 2.

    Returns:
      "gaussian_wasserstein" >= 0, in squared units of the codes, and
      "gaussian_wasserstein/normalized" in [0, 2), divided by tr C; both are 0
      if all codes are constant.

    Raises:
      UsageError: a bad argument or bad codes.

    References:
      Locatello et al. 2019, Challenging Common Assumptions.
    """
    checks.check_at_least(2, num_points=num_points)
    codes, _ = codes_lib.draw_table(sampler, num_points, rng)
    checks.warn_of_degenerate("gaussian_wasserstein", codes.std(axis=0))

    codes -= codes.mean(axis=0)
    covariance = codes.T @ codes / len(codes)
    std = np.sqrt(np.diagonal(covariance))
    eigenvalues = np.linalg.eigvalsh(std[:, None] * covariance * std)
    roots = np.sqrt(np.maximum(eigenvalues, 0.0))  # rounding can leave -1e-17
    total = float(np.trace(covariance))
    distance = max(0.0, 2.0 * total - 2.0 * float(roots.sum()))
    return {
        "gaussian_wasserstein": distance,
        "gaussian_wasserstein/normalized": distance / total if total else 0.0,
    }
