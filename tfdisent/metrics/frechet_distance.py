"""Frechet distance of two sets of features, as of two Gaussians."""

import numpy as np
from scipy import linalg

from tfdisent.metrics.feature_sets import check_feature_sets


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Wasserstein-2 distance of the Gaussians fitted to two sets.

    d^2 = |mu_1 - mu_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2)), with mu and S
    the mean and the unbiased covariance. In InceptionV3's features it is the
    FID.

    With S = R' R the singular values of R_1 R_2' are the square roots of the
    eigenvalues of S_1 S_2, which are those of S_1^(1/2) S_2 S_1^(1/2): their
    sum is the last trace. R is triangular, from the QR decomposition of the
    centred features, so that nothing is squared, no root of a small negative
    number has to be clipped, and fewer rows than features do no harm. The
    usual matrix square root of S_1 S_2 needs both.

    **The value is too large.** Two sets from one distribution are some
    distance apart, about proportionally to 1/n and growing with F: compare
    only values of the same n and F, with that of two halves of one set beside
    them. 5,000 rows each take 5 s of one core with F = 2,048, 1.5 s with
    F = 1,280.

    Args:
      first: [n, F] features, n of 2 or more.
      second: [m, F] features, m of 2 or more.

    Returns:
      The distance, 0 or more, in squared units of the features. Symmetric,
      and 0 for equal sets but for rounding (1e-14 of the variance).

    Raises:
      UsageError: the features are not finite, not [n, F], or too few.

    References:
      Dowson and Landau 1982, The Frechet distance between multivariate normal
      distributions; Heusel et al. 2017, GANs Trained by a Two Time-Scale
      Update Rule; Chong and Forsyth 2020, Effectively Unbiased FID (the bias).
    """
    first, second = check_feature_sets(first, second, at_least=2)
    shift = first.mean(axis=0) - second.mean(axis=0)
    root, other = _root_of_covariance(first), _root_of_covariance(second)
    cross = linalg.svdvals(root @ other.T).sum()
    traces = (root**2).sum() + (other**2).sum()
    return max(0.0, float(shift @ shift + traces - 2 * cross))


def _root_of_covariance(features: np.ndarray) -> np.ndarray:
    """R [min(n, F), F] with R' R the covariance [F, F]."""
    centred = features - features.mean(axis=0)
    root = linalg.qr(centred, mode="r", overwrite_a=True, check_finite=False)[0]
    return root[: features.shape[1]] / np.sqrt(len(features) - 1)
