"""What distances between two sets of features refuse."""

import numpy as np

from tfdisent.errors import UsageError


def check_feature_sets(
    first: np.ndarray, second: np.ndarray, at_least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns two sets of features as float64.

    Args:
      first: [n, F] real numbers.
      second: [m, F] real numbers.
      at_least: how many rows each set needs.

    Raises:
      UsageError: they are of another form, too few or not finite.
    """
    first, second = np.asarray(first), np.asarray(second)
    shapes = f"{first.shape} and {second.shape}"
    if not first.ndim == second.ndim == 2 or first.shape[1] != second.shape[1]:
        raise UsageError(
            f"The features have the shapes {shapes}; give [n, F] and [m, F]."
        )
    if min(len(first), len(second)) < at_least or not first.shape[1]:
        raise UsageError(
            f"The features have the shapes {shapes}; give {at_least} rows or "
            "more of each, with 1 feature or more."
        )
    for features in (first, second):
        if features.dtype.kind not in "biuf" or not np.isfinite(features).all():
            raise UsageError(
                f"Some features ({features.dtype}) are no finite real numbers; "
                "give finite ones."
            )
    return first.astype(np.float64), second.astype(np.float64)
