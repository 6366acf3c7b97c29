"""How many latents say anything about the image."""

import numpy as np

from tfdisent.metrics import checks
from tfdisent.metrics import codes as codes_lib

ACTIVE_VARIANCE = 1e-2
ACTIVE_NATS = 1e-2


def active_units(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_points: int = 10_000,
) -> dict[str, float]:
    """Numbers of latents whose mean varies, and whose posterior is informed.

    A latent j is active if

        Var_x (E_q(z|x) [z_j]) > 0.01,

    or, by the other count, if on average over x

        KL(q(z_j|x) || N(0, 1)) = 1/2 (mu^2 + sigma^2 - 1) - log sigma > 0.01.

    The second needs posteriors; without them the codes stand for the mean.
    Both thresholds are absolute, so these counts depend on the scale of the
    codes. Costs one encoding for each point; the counts hardly vary between
    draws of points unless a latent lies at a threshold.

    Args:
      sampler: gives codes or posteriors; factors are not needed.
      rng: source of randomness.
      num_points: points drawn, at least 2.

    Returns:
      "active_units" from 0 to D and, if there are posteriors,
      "active_units/kl_above_0.01".

    Raises:
      UsageError: a bad argument, bad codes or bad posteriors.

    References:
      Burda et al. 2016, Importance Weighted Autoencoders, section 5;
      Duan et al. 2020, Unsupervised Model Selection for Variational
      Disentangled Representation Learning (the threshold of the KL).
    """
    checks.check_at_least(2, num_points=num_points)
    points = codes_lib.draw_points(sampler, num_points, rng)
    if not hasattr(sampler, "posteriors"):
        mean = codes_lib.encode(sampler, points)
        return {"active_units": _active_means(mean)}
    mean, stddev = codes_lib.posteriors_at(sampler, points, "active_units")
    kl = 0.5 * (mean**2 + stddev**2 - 1.0) - np.log(stddev)
    informed = int((kl.mean(axis=0) > ACTIVE_NATS).sum())
    return {
        "active_units": _active_means(mean),
        "active_units/kl_above_0.01": float(informed),
    }


def _active_means(mean: np.ndarray) -> float:
    checks.warn_of_degenerate("active_units", mean.std(axis=0))
    return float((mean.var(axis=0) > ACTIVE_VARIANCE).sum())
