"""The mixture q(z) of the posteriors of many points, and its marginals."""

import numpy as np
import tqdm

from tfdisent.metrics import codes as codes_lib

_AT_ONCE = 1 << 17  # numbers in a block of densities: 1 MB, for the cache


def distinct_points(
    sampler: codes_lib.CodeSampler, n: int | None, rng: np.random.Generator
) -> np.ndarray:
    """Draws up to n different points, in random order; all if n is None.

    From a sampler with replacement those of n draws that differ are kept,
    which are all but some, unless there are no more than n points: then all.
    """
    if n is None or n >= sampler.num_points:
        return rng.permutation(sampler.num_points)
    return rng.permutation(np.unique(codes_lib.draw_points(sampler, n, rng)))


def draw_codes(
    mean: np.ndarray, stddev: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draws z ~ N(mean, stddev^2), of their shape."""
    return mean + stddev * rng.standard_normal(mean.shape)


def log_ratio(
    z: np.ndarray,
    mean: np.ndarray,
    stddev: np.ndarray,
    log_weights: np.ndarray,
) -> np.ndarray:
    """Total correlation is the mean under q of log q(z) - sum_j log q(z_j).

    q(z_i)  = sum_n W_in prod_j N(z_ij; mean_nj, stddev_nj^2)
    q(z_ij) = sum_n W_in N(z_ij; mean_nj, stddev_nj^2)

    Densities are computed from (z - mean) / stddev itself, not from the
    expanded square, which cancels for narrow posteriors.

    Args:
      z: [S, D] codes.
      mean: [N, D] of the posteriors mixed.
      stddev: [N, D] of the posteriors mixed.
      log_weights: [S, N], log W; it may be a broadcast view.

    Returns:
      [S], nats.
    """
    rows = max(1, _AT_ONCE // len(mean))
    blocks = [slice(i, i + rows) for i in range(0, len(z), rows)]
    inverse = 1.0 / (np.sqrt(2.0) * stddev.T)  # [D, N]
    log_scale = np.log(inverse)  # the factors 1 / sqrt(pi) cancel in the ratio
    columns = np.ascontiguousarray(mean.T)
    ratios = [
        _block_ratio(z[block], columns, inverse, log_scale, log_weights[block])
        for block in tqdm.tqdm(
            blocks,
            desc="total correlation",
            delay=5,
            leave=False,
            disable=None,
        )
    ]
    return np.concatenate(ratios)


def _block_ratio(z, mean, inverse, log_scale, log_weights):
    """Returns log_ratio of a block [B, D], of mean and others [D, N]."""
    joint = log_weights.copy()  # [B, N]
    marginals = np.zeros(len(z))
    for j in range(z.shape[1]):
        log_density = z[:, j, None] - mean[j]
        log_density *= inverse[j]
        np.square(log_density, out=log_density)
        np.subtract(log_scale[j], log_density, out=log_density)
        joint += log_density
        log_density += log_weights
        marginals += _log_sum_exp(log_density)
    return _log_sum_exp(joint) - marginals


def _log_sum_exp(values: np.ndarray) -> np.ndarray:
    """Log of the sum of exp over each row; values [B, N] are overwritten."""
    largest = values.max(axis=1)
    values -= largest[:, None]
    np.exp(values, out=values)
    return np.log(values.sum(axis=1)) + largest
