"""Entropy and mutual information of integer labels, in nats."""

import numpy as np


def entropies(labels: np.ndarray) -> np.ndarray:
    """Empirical entropy of each column, H = -sum_v p(v) log p(v).

    Args:
      labels: [n, C] non-negative int64.

    Returns:
      [C] float64, nats.
    """
    return np.array([_entropy(column) for column in labels.T])


def mutual_information(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Empirical mutual information of every pair of columns.

    I(a; b) = H(a) + H(b) - H(a, b). From n samples it is too large by about
    (A - 1)(B - 1) / 2n for independent labels with A and B values.

    Args:
      first: [n, D] non-negative int64.
      second: [n, K] non-negative int64.

    Returns:
      [D, K] float64, nats, >= 0.
    """
    width = second.max(axis=0) + 1
    joint = np.array(
        [
            [_entropy(a * w + b) for b, w in zip(second.T, width, strict=True)]
            for a in first.T
        ]
    )
    information = entropies(first)[:, None] + entropies(second) - joint
    return np.maximum(information, 0.0)  # rounding can leave -1e-16


def _entropy(labels: np.ndarray) -> float:
    counts = np.bincount(labels)
    p = counts[counts > 0] / len(labels)
    return -np.sum(p * np.log(p))
