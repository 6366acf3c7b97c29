"""Disentanglement, completeness and informativeness of predictors."""

import warnings
from typing import NamedTuple

import numpy as np
import tqdm
from scipy import special
from sklearn import ensemble, linear_model, pipeline, preprocessing
from sklearn.utils import parallel

from tfdisent.errors import UsageError
from tfdisent.metrics import checks, classifiers
from tfdisent.metrics import codes as codes_lib

IMPORTANCES = ("forest", "boosted", "lasso")


class _Fit(NamedTuple):
    importance: np.ndarray  # [D]
    train: float
    test: float


def dci(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    importances: str = "forest",
    num_train: int = 5_000,
    num_test: int = 5_000,
) -> dict[str, float | np.ndarray]:
    """How few factors each latent serves, and how few latents each factor.

    R_jk = importance of latent j to a predictor of factor k from all latents

    disentanglement = sum_j rho_j [1 - H_K(R_j. / sum_k R_jk)]
    completeness    = sum_k rho_k [1 - H_D(R_.k / sum_j R_jk)]

    with H_n the entropy to base n, rho a row's or column's share of the sum of
    R; a row or column of zeros counts 0. With a single latent, any factor that
    it shows at all is complete. Informativeness is what the predictors score.
    Codes are standardised, which trees heed only where they lie closer than
    1e-7. `importances` names the predictors:

    * "boosted": scikit-learn's default GradientBoostingClassifier, as the 2019
      study (there unseeded, with num_train=10_000): minutes to half an hour.
    * "forest", the default: random forests of 20 trees of depth 7 that look at
      all latents in each split, the nearest to boosted trees of depths 6 to 10
      with 5,000 points. scikit-learn's default forest, which looks at some of
      the latents, gives perfect codes 0.59.
    * "lasso": |coefficients| of a lasso with alpha = 0.02 on standardised
      codes and factor indices, as the paper; it treats factors as ordered, and
      sees linear relations only. Of noise, a few coefficients by chance score
      0.6: look at the informativeness first.

    Disentanglement, completeness and informativeness on test points, for codes
    of the factors of dSprites (forest and lasso: 5,000 training points;
    boosted, slow: the number given):

    | codes | forest | boosted | lasso |
    | --- | --- | --- | --- |
    | perfect | 1.00 1.00 0.98 | 1.00 1.00 1.00 (2,000) | 1.00 1.00 1.00 |
    | rotated | 0.15 0.15 0.48 | 0.15 0.16 0.51 (10,000) | 0.19 0.19 1.00 |
    | the same | | 0.10 0.11 0.46 (2,000) | |
    | mixed: I + 0.3 N(0, 1) | 0.28 0.31 0.50 | 0.29 0.32 0.47 (2,000) | |
    | noisy, 5 noise codes | 0.54 0.49 0.43 | 0.61 0.56 0.42 (10,000) | |
    | noise | 0.00 0.00 0.12 | | 0.61 0.74 0.00 |

    The Monte-Carlo standard deviation of the forest's is 0.003 for rotations.
    It takes 1 to 2 seconds on 2 cores for 10 latents and 5 factors. Noisy codes
    have noise of standard deviation 0.3 added to perfect ones.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      importances: "forest", "boosted" or "lasso".
      num_train: points that train the predictors; the study has 10,000. Scores
        of trees depend on it.
      num_test: points that measure them.

    Returns:
      With F the kind of importances: "dci", the disentanglement, and again
      "dci/F_disentanglement"; "dci/F_completeness", both in [0, 1];
      "dci/F_informativeness_train" and "..._test", the mean accuracy in [0, 1]
      of the trees, or the mean R^2 of the lasso (1 - NRMSE^2 of the paper),
      at most 1; "dci/F_importance_matrix", R, [D, K], zeros for factors left
      out.

    Raises:
      UsageError: a bad argument, bad codes, or less than two factors that
        vary.

    References:
      Eastwood and Williams 2018, A Framework for the Quantitative Evaluation
      of Disentangled Representations, section 2; Locatello et al. 2019,
      Challenging Common Assumptions.
    """
    checks.check_at_least(1, num_train=num_train, num_test=num_test)
    if importances not in IMPORTANCES:
        raise UsageError(
            f"importances={importances!r} is not known; give one of "
            f"{', '.join(IMPORTANCES)}."
        )
    train, test, varying = classifiers.draw(
        "dci", sampler, rng, num_train, num_test, at_least=2
    )

    seeds = rng.integers(2**31, size=len(varying))
    fit = _lasso if importances == "lasso" else _trees
    with warnings.catch_warnings():  # of fewer than two points for a value
        warnings.filterwarnings("ignore", "The number of unique classes")
        fits = parallel.Parallel(n_jobs=-1, prefer="threads")(
            parallel.delayed(fit)(importances, train, test, k, int(seed))
            for k, seed in tqdm.tqdm(
                list(zip(varying, seeds, strict=True)),
                desc="dci",
                delay=5,
                leave=False,
                disable=None,
            )
        )
    matrix = np.zeros((train.codes.shape[1], len(sampler.factor_names)))
    matrix[:, varying] = np.stack([f.importance for f in fits], axis=1)
    disentanglement = _concentration(matrix[:, varying])
    prefix = f"dci/{importances}_"
    return {
        "dci": disentanglement,
        f"{prefix}disentanglement": disentanglement,
        f"{prefix}completeness": _concentration(matrix[:, varying].T),
        f"{prefix}informativeness_train": float(
            np.mean([f.train for f in fits])
        ),
        f"{prefix}informativeness_test": float(np.mean([f.test for f in fits])),
        f"{prefix}importance_matrix": matrix,
    }


def _trees(
    importances: str,
    train: codes_lib.Table,
    test: codes_lib.Table,
    k: int,
    seed: int,
) -> _Fit:
    if len(np.unique(train.factors[:, k])) == 1:
        return _without_training(train, test, k)
    if importances == "boosted":
        trees = ensemble.GradientBoostingClassifier(random_state=seed)
    else:
        trees = ensemble.RandomForestClassifier(
            n_estimators=20, max_depth=7, max_features=None, random_state=seed
        )
    # Trees split nothing that is closer than 1e-7.
    model = pipeline.make_pipeline(preprocessing.StandardScaler(), trees)
    model.fit(train.codes, train.factors[:, k])
    return _Fit(
        trees.feature_importances_,
        model.score(train.codes, train.factors[:, k]),
        model.score(test.codes, test.factors[:, k]),
    )


def _without_training(
    train: codes_lib.Table, test: codes_lib.Table, k: int
) -> _Fit:
    """Names the one value that a factor has in training; no code matters."""
    hits = test.factors[:, k] == train.factors[0, k]
    return _Fit(np.zeros(train.codes.shape[1]), 1.0, float(hits.mean()))


def _lasso(
    importances: str,
    train: codes_lib.Table,
    test: codes_lib.Table,
    k: int,
    seed: int,
) -> _Fit:
    del importances, seed  # cyclic coordinate descent draws nothing
    if len(np.unique(train.factors[:, k])) == 1:
        return _without_training(train, test, k)._replace(train=0.0, test=0.0)
    mean, std = train.factors[:, k].mean(), train.factors[:, k].std()
    scaled = [(table.factors[:, k] - mean) / std for table in (train, test)]
    model = pipeline.make_pipeline(
        preprocessing.StandardScaler(),
        linear_model.Lasso(alpha=0.02, tol=1e-6, max_iter=10_000),
    )
    model.fit(train.codes, scaled[0])
    return _Fit(
        np.abs(model[-1].coef_),
        _r_squared(scaled[0], model.predict(train.codes)),
        _r_squared(scaled[1], model.predict(test.codes)),
    )


def _r_squared(true: np.ndarray, predicted: np.ndarray) -> float:
    variance = true.var()  # 0 if all test points have the same value
    return 1 - np.mean((true - predicted) ** 2) / variance if variance else 0.0


def _concentration(rows: np.ndarray) -> float:
    """Mean of 1 - entropy over rows [n, m], weighted by their sums."""
    sums = rows.sum(axis=1, keepdims=True)
    p = np.divide(rows, sums, out=np.zeros_like(rows), where=sums > 0)
    n = max(rows.shape[1], 2)  # of one entry the entropy is 0 to any base
    purity = 1 - special.entr(p).sum(axis=1) / np.log(n)
    return float(purity @ sums[:, 0] / sums.sum()) if sums.any() else 0.0
