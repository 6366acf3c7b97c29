"""Which latents a representation uses."""

import numpy as np

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics import codes as codes_lib
from tfdisent.training.active import ACTIVE_NATS

ACTIVE_VARIANCE = 0.01
NUM_POINTS = 10_000
MASKS = {
    "kl": f"KL(q(z_d|x) || p(z_d)) above {ACTIVE_NATS} nats on average",
    "variance": f"variance of the codes above {ACTIVE_VARIANCE}",
    "none": "all latents count, and there are no masked values",
}
DEFAULT = "kl"


def active_latents(
    mask: str | None,
    sampler: codes_lib.CodeSampler,
    seed: int,
    kl: np.ndarray | None = None,
) -> np.ndarray | None:
    """The latents that a mask keeps.

    Args:
      mask: One of MASKS. None for that of KL, if there is one and it keeps
        some latents.
      sampler: Gives the codes.
      seed: Of the points whose variance counts.
      kl: Mean KL of each latent in nats; None if there are no posteriors.

    Returns:
      Indices, in their order; None if there is no mask, or it keeps all.

    Raises:
      UsageError: If the mask is unknown, or keeps no latent.
      NotApplicable: If there is no KL to go by.
    """
    if mask is not None and mask not in MASKS:
        raise UsageError(
            f"mask={mask!r} is not known; give one of {', '.join(MASKS)}."
        )
    if mask == "none" or (mask is None and kl is None):
        return None
    if mask == "variance":
        points = sampler.sample(NUM_POINTS, np.random.default_rng(seed))
        used = codes_lib.encode(sampler, points).var(axis=0) > ACTIVE_VARIANCE
    elif kl is None:
        raise NotApplicable(
            "mask='kl' needs q(z|x), which these codes do not have; give "
            "variance or none."
        )
    else:
        used = kl > ACTIVE_NATS
    if mask is not None and not used.any():
        raise UsageError(
            f"mask={mask!r} keeps none of {len(used)} latents ({MASKS[mask]}); "
            "give none to measure them all the same."
        )
    return np.flatnonzero(used) if used.any() and not used.all() else None
