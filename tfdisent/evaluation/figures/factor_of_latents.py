"""Which factor of the data each latent follows most."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import spearmanr

from tfdisent.errors import UsageError


def factor_of_latents(
    codes: np.ndarray, factors: np.ndarray, factor_names: Sequence[str]
) -> list[tuple[str, float] | None]:
    """Find the factor with the largest |Spearman rho| for each latent.

    A rank correlation sees any monotone relation, and nothing else: a latent
    that follows the sine of an angle gets a low value.

    Args:
      codes: [n, D] codes of n images.
      factors: [n, K] their factors, as indices.
      factor_names: [K] names.

    Returns:
      [D] (name, |rho|) with |rho| in [0, 1]; None for a latent that is
      constant or not finite, or where every factor is constant.

    Raises:
      UsageError: The arrays do not fit together.
    """
    codes, factors = np.asarray(codes), np.asarray(factors)
    if factors.shape != (len(codes), len(factor_names)) or codes.ndim != 2:
        raise UsageError(
            f"Codes {list(codes.shape)}, factors {list(factors.shape)} and "
            f"{len(factor_names)} names do not fit together; give [n, "
            "latents], [n, factors] and one name per factor."
        )
    varying = [k for k in range(len(factor_names)) if np.ptp(factors[:, k])]
    return [
        _strongest(column, factors, factor_names, varying) for column in codes.T
    ]


def _strongest(
    column: np.ndarray,
    factors: np.ndarray,
    factor_names: Sequence[str],
    varying: Sequence[int],
) -> tuple[str, float] | None:
    if not varying or not np.isfinite(column).all() or not np.ptp(column):
        return None
    rho = [abs(spearmanr(column, factors[:, k]).statistic) for k in varying]
    best = int(np.argmax(rho))
    return factor_names[varying[best]], float(rho[best])
