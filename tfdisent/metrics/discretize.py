"""Codes cut into bins."""

import numpy as np
from scipy import stats

from tfdisent.errors import UsageError
from tfdisent.metrics import checks
from tfdisent.metrics import codes as codes_lib

BINS = ("width", "mass")


def draw_labels(
    metric: str,
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    num_points: int,
    num_bins: int,
    equal: str = "width",
) -> codes_lib.Table:
    """Draws a table and cuts its codes into bins; warns of degenerate codes.

    Args:
      metric: name for the messages.
      sampler: gives factors and codes.
      rng: source of randomness.
      num_points: points drawn; all rows of a table that has fewer.
      num_bins: bins for each code, at least 2.
      equal: "width" or "mass", see `discretize`.

    Returns:
      The table with labels [n, D] int64 in the place of the codes.

    Raises:
      UsageError: a bad argument, bad codes, or fewer points than bins.
    """
    checks.check_at_least(2, num_points=num_points, num_bins=num_bins)
    rows = num_points
    if not sampler.with_replacement:
        rows = min(rows, sampler.num_points)
    if rows < num_bins:
        raise UsageError(
            f"{metric} has {rows} points for num_bins = {num_bins} bins; give "
            "at least as many points as bins."
        )
    codes, factors = codes_lib.draw_table(sampler, num_points, rng)
    checks.warn_of_degenerate(metric, codes.std(axis=0))
    return codes_lib.Table(discretize(codes, num_bins, equal), factors)


def discretize(
    codes: np.ndarray, num_bins: int, equal: str = "width"
) -> np.ndarray:
    """Cuts each code into bins between its least and greatest value.

    Args:
      codes: [n, D] finite floats.
      num_bins: bins for each code, at least 2.
      equal: "width": the bins are equally wide; "mass": equally many codes
        lie in each, but equal codes stay together, in the bin of their mean
        rank.

    Returns:
      [n, D] int64 in 0..num_bins - 1. A code that is constant but for the
      rounding of float32 lies in one bin.

    Raises:
      UsageError: `equal` is neither.
    """
    if equal not in BINS:
        raise UsageError(f"equal={equal!r} is not known; give width or mass.")
    labels = np.zeros(codes.shape[::-1], np.int64)
    for d in np.flatnonzero(~codes_lib.is_constant(codes)):
        code = codes[:, d].copy()
        if equal == "width":
            edges = np.linspace(code.min(), code.max(), num_bins + 1)
            labels[d] = np.digitize(code, edges[1:-1])
        else:
            rank = stats.rankdata(code) - 0.5  # 0.5..n - 0.5
            labels[d] = rank * num_bins / len(code)
    return labels.T
