"""Explicitness: can a linear classifier read the factors off the codes?"""

import warnings

import numpy as np
from sklearn.metrics import roc_auc_score

from tfdisent.errors import UsageError
from tfdisent.metrics import checks, classifiers
from tfdisent.metrics import codes as codes_lib


def explicitness(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_train: int = 10_000,
    num_test: int = 5_000,
) -> dict[str, float]:
    """Area under the ROC curve of a linear classifier of each factor.

    For each factor k fit p_k(v | z), softmax regression on standardised codes;

        explicitness = 1/K sum_k 1/|V_k| sum_{v in V_k} AUC_kv

    where AUC_kv is the probability that p_k(v | z) is larger at a test point
    with value v than at one without, and V_k are the values of factor k that
    occur in both parts. "rescaled" is 2 (explicitness - 0.5), 0 by chance.

    It asks for presence, not for alignment: rotated codes score as high as
    perfect ones. Codes equal to the factors of dSprites score 0.988, not 1, as
    softmax regression with C = 1 mixes up neighbours among 40 values of one
    code; noise scores 0.50.

    Deviations: the paper's classifiers are one-versus-rest. The 2019 study
    stops after 100 steps at most, short of convergence, so that its number
    depends on scikit-learn's version; it has no value for codes with a dead
    latent, which is 0 here, nor where a value is missing from the test points.

    The defaults cost 15,000 encodings, and 1 s on 2 cores for ten latents and
    the factors of dSprites. The Monte-Carlo standard deviation is 0.0003 for
    perfect codes and 0.003 for noise.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      num_train: points that train the classifiers.
      num_test: points that measure them.

    Returns:
      "explicitness" in [0, 1], "explicitness/rescaled" in [-1, 1] and
      "explicitness/<factor>", which is absent, with a warning, for a factor
      that has one value among the training or test points.

    Raises:
      UsageError: a bad argument, bad codes, or no factor that varies in both
        parts.

    References:
      Ridgeway and Mozer 2018, Learning Deep Disentangled Embeddings with the
      F-Statistic Loss; Locatello et al. 2019, Challenging Common Assumptions.
    """
    checks.check_at_least(2, num_train=num_train, num_test=num_test)
    train, test, varying = classifiers.draw(
        "explicitness", sampler, rng, num_train, num_test
    )
    names = sampler.factor_names

    areas, partial, undefined = {}, [], []
    for k in varying:
        seen = np.unique(train.factors[:, k])
        met = np.unique(test.factors[:, k])
        common = np.intersect1d(seen, met)
        if len(seen) < 2 or len(met) < 2 or not len(common):
            undefined.append(names[k])
            continue
        if len(common) < len(np.union1d(seen, met)):
            partial.append(names[k])
        model = classifiers.fit(
            "explicitness",
            classifiers.softmax_regression(),
            train.codes,
            train.factors[:, k],
        )
        p = model.predict_proba(test.codes)[:, np.isin(seen, common)]
        truth = test.factors[:, [k]] == common  # [n, |V_k|]
        areas[names[k]] = float(roc_auc_score(truth, p, average="macro"))
    _warn_of_missing(partial, undefined)
    if not areas:
        raise UsageError(
            f"explicitness found no factor with two values in the "
            f"{len(train.codes)} training points and in the "
            f"{len(test.codes)} test points; give more points."
        )
    mean = float(np.mean(list(areas.values())))
    scores = {"explicitness": mean, "explicitness/rescaled": 2 * (mean - 0.5)}
    return scores | {f"explicitness/{name}": a for name, a in areas.items()}


def _warn_of_missing(partial: list[str], undefined: list[str]) -> None:
    if partial:
        warnings.warn(
            "explicitness: not all values occur both in training and in test "
            f"points, the others are left out: {', '.join(partial)}.",
            stacklevel=3,
        )
    if undefined:
        warnings.warn(
            "explicitness leaves out factors with too few values in the "
            f"training or test points: {', '.join(undefined)}.",
            stacklevel=3,
        )
