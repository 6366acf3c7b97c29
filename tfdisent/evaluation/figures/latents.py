"""The order of latents in figures, and which of them carry anything."""

from collections.abc import Sequence

import numpy as np

INACTIVE_KL = 0.01  # Nats; a latent up to here counts as inactive.


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
    """Whether a latent of this KL (nats) ignores the image.

    References:
      Duan et al., Unsupervised Model Selection for Variational
      Disentangled Representation Learning, 2020 (threshold 0.01).
    """
    return not kl > INACTIVE_KL
