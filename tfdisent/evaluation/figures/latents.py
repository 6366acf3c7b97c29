"""The order of latents in figures, and which of them carry anything."""

from collections.abc import Sequence

import numpy as np

from tfdisent.errors import UsageError
from tfdisent.training.active import ACTIVE_NATS


def order_by_kl(kl: Sequence[float]) -> list[int]:
    """Positions of `kl` from the largest to the smallest, NaN last.

    Args:
      kl: [D] KL(q(z_d|x) || p(z_d)) in nats, averaged over images.

    Returns:
      [D] positions; equal values keep their order.
    """
    kl = np.asarray(kl, np.float64)
    return [int(d) for d in np.argsort(-kl, kind="stable")]


def is_inactive(kl: float) -> bool:
    """Whether a latent of this KL (nats) ignores the image."""
    return not kl > ACTIVE_NATS


def check_latents(latents: Sequence[int], size: int) -> None:
    """Raises a UsageError unless all are latents of a code of that size."""
    unknown = [z for z in latents if not 0 <= z < size]
    if unknown:
        raise UsageError(
            f"There is no latent {unknown[0]}; choose from 0 to {size - 1}."
        )
