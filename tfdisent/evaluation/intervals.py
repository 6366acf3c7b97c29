"""Confidence intervals of any metric, from halves of its rows."""

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import tqdm
from scipy import stats

from tfdisent.errors import UsageError
from tfdisent.evaluation.statistics import describe_all
from tfdisent.metrics import codes as codes_lib
from tfdisent.metrics.samplers import Rows


def confidence_intervals(
    metric: Callable[
        [codes_lib.CodeSampler, np.random.Generator],
        dict[str, float | np.ndarray],
    ],
    sampler: codes_lib.CodeSampler,
    points: np.ndarray,
    seed: int,
    *,
    values: Mapping[str, float] | None = None,
    resamples: int = 200,
    level: float = 0.95,
) -> dict[str, tuple[float, float]]:
    """Intervals that hold a metric's expected value from so many fresh rows.

    With T the metric's value on the n rows and T_r its values on random halves
    of them, drawn without replacement, the interval is

        T - z s, T + z s,   s = sd of the T_r,   z = Phi^-1((1 + level) / 2).

    This is the delete-half jackknife: a statistic with the variance v / n on n
    rows varies by v (2 / n - 1 / n) = v / n over halves of one table.

    Why not the bootstrap: rows that are drawn twice add mutual information
    that is not there, as much as halving the table does (0.023 nats on a mean
    of 0.20 at 2,000 rows with 20 bins, 0.005 at 10,000), and stand in both the
    training and the test part (2,000 rows: 1-nearest-neighbour accuracy 0.31
    became 0.65, that of a linear classifier rose by 0.015; higgins_score draws
    its pairs with replacement anyway and did not move).

    Measured: how many of 100 fresh tables of 2,000 rows had a 95 % interval
    that held the mean over 300 tables, for mig_histogram, higgins_score, the
    linear and the nearest-neighbour classifier:

        bootstrap, percentile              0.51  1.00  1.00  0.00
        bootstrap, basic                   0.62  0.57  0.74  0.00
        halves, their quantiles around T   0.92  0.90  0.97  0.97
        halves, T - z s, T + z s           0.92  0.91  0.99  0.97

    The last, which is used, held it in 0.93, 0.93, 0.98 and 1.00 of 100, 60,
    60 and 12 tables of 10,000 rows.

    Metrics that split the rows at random get intervals that are too wide by
    about 1.3. A metric's own bias at n rows stays; the bounds may lie beyond
    the range of a score; where all halves score the same, as perfect codes do,
    low and high are equal. The metric's warnings are not given again.

    Args:
      metric: `MetricCall`, or a function of sampler and rng.
      sampler: Gives codes and factors, and posteriors to what needs them.
      points: [n] the rows, n >= 4: all of a table; of more, as many as the
        metric draws. A metric that draws p of n rows, p < n < 4 p, gets
        intervals that are too narrow, at worst by 0.7 for n = 2 p. Of a data
        set with all images, measuring with several seeds costs less.
      seed: Of the halves, and of the metric, which has the same each time. The
        Monte-Carlo error of the metric is part of the interval.
      values: T by name, if the metric has been computed from other points than
        these rows; None to compute it from them.
      resamples: Halves, at least 2, each at the cost of the metric on n / 2
        rows. At 200 the width has a standard error of 5 %.
      level: Between 0 and 1.

    Returns:
      Name -> (low, high), for the numbers that all halves have; the others,
      of a factor that does not vary in some half, and matrices are left out.

    Raises:
      UsageError: A bad argument, or the metric cannot be computed on half of
        the rows.

    References:
      Shao and Wu 1989, A General Theory for Jackknife Variance Estimation.
    """
    if len(points) < 4 or resamples < 2 or not 0 < level < 1:
        raise UsageError(
            f"{len(points)} rows, resamples={resamples} and level={level} were "
            "given; an interval needs 4 or more rows, 2 or more resamples and "
            "a level between 0 and 1."
        )
    rows, rng = Rows(sampler, points), np.random.default_rng(seed)
    with warnings.catch_warnings():
        # The evaluation itself has said them.
        warnings.simplefilter("ignore", UserWarning)
        if values is None:
            values = metric(rows, np.random.default_rng(seed))
        halves = []
        for _ in tqdm.trange(
            resamples, desc="intervals", leave=False, disable=None
        ):
            half = np.sort(rng.permutation(len(points))[: len(points) // 2])
            halves.append(metric(Rows(rows, half), np.random.default_rng(seed)))
    z = stats.norm.ppf((1 + level) / 2)
    return {
        name: (
            float(values[name] - z * over_halves["sd"]),
            float(values[name] + z * over_halves["sd"]),
        )
        for name, over_halves in describe_all(halves).items()
        if name in values and over_halves["n"] == resamples
    }
