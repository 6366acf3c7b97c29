"""Correlation of differences of codes with differences of factors."""

from collections.abc import Sequence

import numpy as np

from tfdisent.errors import UsageError
from tfdisent.metrics import checks
from tfdisent.metrics import codes as codes_lib


def zdiff_corr(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_points: int = 10_000,
    num_pairs: int = 10_000,
    signed: bool = False,
    circular: Sequence[str] = (),
) -> dict[str, float | np.ndarray]:
    """Do codes differ where a factor differs? Correlations over random pairs.

    For pairs (a, b) of different rows of a table of points let

        dz_j = |z_j(a) - z_j(b)|,  dv_k = |v_k(a) - v_k(b)|
        C_jk = |Pearson(dz_j, dv_k)|
        score = 1/K sum_k max_j C_jk

    with v_k the index of the factor's value, over the factors with more than
    one value. Duplicated codes score as one; a rotation lowers the score.

    A report that names this metric gives no formula; this is the plainest
    reading of its words, and no number elsewhere compares with it. There it is
    nan where all codes are constant; here constant codes correlate with
    nothing, 0, and score 0 with a warning. `higgins_score` is another metric,
    which some surveys call Z-diff.

    Perfect codes score 1. Ten noise codes score 0.02, the largest of ten
    correlations of size 1 / sqrt(num_pairs), and 0.03 if signed. The
    Monte-Carlo standard deviation was 0 for perfect codes, 0.004 for a
    rotation of the factors of dSprites, which scored 0.45, and 0.002 for
    noise. The defaults take 0.01 s after encoding.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      num_points: points drawn, one encoding each.
      num_pairs: pairs of them.
      signed: leaves the two differences their signs. C_jk is then in theory
        the absolute correlation of z_j and v_k themselves.
      circular: names of factors whose last value is beside the first, like
        an angle; their difference is the shorter way round, and half a turn
        has no sign. A code equal to the index of such a factor then scores
        0.61 for it, not 1.

    Returns:
      "zdiff_corr" in [0, 1], and "zdiff_corr/matrix", C [D, K], 0 for factors
      with one value.

    Raises:
      NotApplicable: the factors are not known.
      UsageError: a bad argument, bad codes, less than two points, or no
        factor that varies.
    """
    checks.check_at_least(2, num_points=num_points, num_pairs=num_pairs)
    names = sampler.factor_names
    unknown = set(circular) - set(names) if names else ()
    if isinstance(circular, str) or unknown:
        raise UsageError(
            f"circular is {circular!r}; give a list of some of the factors "
            f"{', '.join(names)}."
        )
    codes, factors = codes_lib.draw_table(sampler, num_points, rng)
    varying = checks.varying_factors("zdiff_corr", names, factors, at_least=1)
    checks.warn_of_degenerate("zdiff_corr", codes.std(axis=0))

    n = len(codes)
    a = rng.integers(n, size=num_pairs)
    b = (a + rng.integers(1, n, size=num_pairs)) % n
    dz = codes[a] - codes[b]
    dv = (factors[a] - factors[b]).astype(np.float64)
    for k, size in enumerate(sampler.factor_sizes):
        if names[k] in circular:
            dv[:, k] -= size * np.round(dv[:, k] / size)
            if signed:
                dv[2 * np.abs(dv[:, k]) == size, k] = 0  # half a turn
    if not signed:
        dz, dv = np.abs(dz), np.abs(dv)
    matrix = np.abs(_correlations(dz, dv))
    matrix[codes_lib.is_constant(codes)] = 0.0  # their differences are rounding
    return {
        "zdiff_corr": float(matrix[:, varying].max(axis=0).mean()),
        "zdiff_corr/matrix": matrix,
    }


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson correlations [D, K] of columns, 0 where one is constant."""
    unit = []
    for values in (first, second):
        values = values - values.mean(axis=0)
        norm = np.linalg.norm(values, axis=0)
        unit.append(values / np.where(norm > 0, norm, 1.0))
    return np.clip(unit[0].T @ unit[1], -1.0, 1.0)
