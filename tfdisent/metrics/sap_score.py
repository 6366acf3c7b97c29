"""Separated attribute predictability: one latent for each factor?"""

import warnings

import numpy as np
from sklearn import svm

from tfdisent.metrics import checks, classifiers
from tfdisent.metrics import codes as codes_lib


def sap_svm(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_train: int = 10_000,
    num_test: int = 5_000,
) -> dict[str, float | np.ndarray]:
    """SAP score by linear classifiers of single latents, as the 2019 study.

    S_jk = accuracy on test points of a linear support vector classifier of
           factor k (C = 0.01, balanced classes, one against the rest) whose
           only input is the raw code j
    SAP  = 1/K sum_k [S_j(k)k - max_{j != j(k)} S_jk],  j(k) = argmax_j S_jk

    PERFECT CODES DO NOT SCORE 1: a linear classifier of one number, so
    regularised, hardly tells middle values apart, so that codes equal to the
    factors of dSprites score 0.245: shape 0.66, scale 0.49, orientation, x and
    y 0.02 to 0.03. Ordered factors want `sap_correlation`. Noise scores 0.002.
    A single latent has no rival: the subtracted term is 0, and even a constant
    one scores chance, 0.12.

    The codes are not standardised, as in the study, and the intercept is
    regularised too, so that the score depends on the offset of a latent and on
    its scale where that is small: perfect codes score the same with standard
    deviations of 1 to 100, 0.18 with 0.1, 0 with 0.001, and with 1e4 and more
    the solver stops early (0.18); with a mean of 10, 0.14. Signs do not matter
    but for ties. The study solves the dual problem with an unseeded solver;
    here it is the primal, which draws nothing.

    The defaults are the study's counts and take 0.7 seconds for 10 latents and
    5 factors; with 2,000 points to train on, perfect codes score 0.18.
    The Monte-Carlo standard deviation is 0.0006 for perfect codes and 0.002
    for rotations of them.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      num_train: points that train the classifiers.
      num_test: points that measure them.

    Returns:
      "sap_svm" in [0, 1], the mean over the factors that vary, and
      "sap_svm/matrix", S, [D, K], zeros for factors left out.

    Raises:
      UsageError: a bad argument, bad codes, or no factor that varies.

    References:
      Kumar et al. 2018, Variational Inference of Disentangled Latent Concepts
      from Unlabeled Observations, section 3; Locatello et al. 2019,
      Challenging Common Assumptions.
    """
    checks.check_at_least(1, num_train=num_train, num_test=num_test)
    train, test, varying = classifiers.draw(
        "sap_svm", sampler, rng, num_train, num_test
    )

    matrix = np.zeros((train.codes.shape[1], len(sampler.factor_names)))
    with warnings.catch_warnings():  # of fewer than two points for a value
        warnings.filterwarnings("ignore", "The number of unique classes")
        for j, k in np.ndindex(matrix.shape):
            if k in varying:
                matrix[j, k] = _accuracy(train, test, j, k)
    return {
        "sap_svm": _mean_gap(matrix[:, varying]),
        "sap_svm/matrix": matrix,
    }


def _accuracy(
    train: codes_lib.Table, test: codes_lib.Table, j: int, k: int
) -> float:
    values = np.unique(train.factors[:, k])
    if len(values) == 1:
        return float(np.mean(test.factors[:, k] == values[0]))
    classifier = svm.LinearSVC(
        C=0.01,
        class_weight="balanced",
        dual=False,
        tol=1e-4,
        max_iter=1_000,
        random_state=0,  # unused, but drawn from the global state if None
    )
    classifier.fit(train.codes[:, [j]], train.factors[:, k])
    return classifier.score(test.codes[:, [j]], test.factors[:, k])


def sap_correlation(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_points: int = 10_000,
) -> dict[str, float | np.ndarray]:
    """SAP score by squared correlations, the form for ordered factors.

    S_jk = Cov(z_j, v_k)^2 / (Var(z_j) Var(v_k)), 0 for a constant code
    SAP  = 1/K sum_k [S_j(k)k - max_{j != j(k)} S_jk],  j(k) = argmax_j S_jk

    v_k is the index of the factor's value, so that factors without an order
    (shape) count as if they had one. Codes equal to the factors of dSprites
    score 0.9997, noise 0.0002. A single latent has no rival: the subtracted
    term is 0. Codes at any scale score the same; a code is constant if it is
    so but for the rounding of float32 (the 2019 study: variance below 1e-12).

    Takes 0.02 seconds. The Monte-Carlo standard deviation is 0.0001 for
    perfect codes and 0.004 for rotations of them.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      num_points: points drawn, one encoding each.

    Returns:
      "sap_correlation" in [0, 1], the mean over the factors that vary, and
      "sap_correlation/matrix", S, [D, K], zeros for factors left out.

    Raises:
      UsageError: a bad argument, bad codes, or no factor that varies.

    References:
      Kumar et al. 2018, Variational Inference of Disentangled Latent Concepts
      from Unlabeled Observations, section 3.
    """
    checks.check_at_least(2, num_points=num_points)
    codes, factors = codes_lib.draw_table(sampler, num_points, rng)
    varying = checks.varying_factors(
        "sap_correlation", sampler.factor_names, factors, at_least=1
    )
    checks.warn_of_degenerate("sap_correlation", codes.std(axis=0))

    matrix = np.zeros((codes.shape[1], factors.shape[1]))
    moving = np.flatnonzero(~codes_lib.is_constant(codes))
    z = _standardised(codes[:, moving])
    v = _standardised(factors[:, varying])
    matrix[np.ix_(moving, varying)] = (z.T @ v / len(z)) ** 2
    return {
        "sap_correlation": _mean_gap(matrix[:, varying]),
        "sap_correlation/matrix": matrix,
    }


def _standardised(columns: np.ndarray) -> np.ndarray:
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def _mean_gap(matrix: np.ndarray) -> float:
    """Mean over columns of the largest entry minus the second, 0 if none."""
    rivals = np.vstack([matrix, np.zeros_like(matrix[:1])])
    second, first = np.sort(rivals, axis=0)[-2:]
    return float((first - second).mean())
