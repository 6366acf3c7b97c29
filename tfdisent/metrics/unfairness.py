"""How much a predictor of one factor heeds another one."""

import warnings

import numpy as np
from sklearn import ensemble, pipeline, preprocessing

from tfdisent.metrics import checks
from tfdisent.metrics import codes as codes_lib


def unfairness(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_train: int = 5_000,
    num_test: int = 100,
) -> dict[str, float | np.ndarray]:
    """Mean total variation of predictions under interventions.

    For a classifier f_t of target factor t from all latents, and a sensitive
    factor s with values v that are set while the other factors stay as drawn,

    U_ts = mean over v of TV(p(f_t | do(s = v)), mean over v' of the same)
    unfairness = mean over t != s of U_ts

    with TV(p, q) = 1/2 sum_c |p(c) - q(c)| of the shares of predicted classes.
    LOWER IS FAIRER: codes equal to the factors score 0, as do constant ones.
    A rotation of the factors of dSprites scores 0.14. The score says nothing
    without the accuracy of the classifiers (see `dci`).

    The other factors are the same for each v if the sampler draws them from
    its generator before it looks at v. Codes that are no function of the
    factors (noise, samples of q(z|x)) differ by chance all the same: 0.14 for
    pure noise with num_test = 100. A table has rows and no interventions: its
    test rows are grouped by v, the mean is weighted by their numbers, and a
    warning tells what a fair classifier would score on so few.

    Deviations from the study: it trains scikit-learn's default gradient
    boosting on 10,000 points, which takes minutes; here it is a random forest
    of 20 trees of depth 7, that look at all latents in each split, on 5,000.
    The study's name of the score is mean_fairness:mean_pred:mean_sens.

    It costs 16,300 encodings for dSprites and 1 to 2 seconds on 2 cores for 10
    latents. The Monte-Carlo standard deviation is 0.003 for rotations and 0.005
    for noise.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      num_train: points that train the classifiers.
      num_test: points for each value of a sensitive factor. Of a table, there
        are as many test rows as for the factor with the most values.

    Returns:
      "unfairness" in [0, 1), and "unfairness/matrix", U, [K, K], rows targets,
      columns sensitive factors, zeros on the diagonal and for factors left
      out.

    Raises:
      UsageError: a bad argument, bad codes, or less than two factors that
        vary.

    References:
      Locatello et al. 2019, On the Fairness of Disentangled Representations,
      section 4.
    """
    checks.check_at_least(1, num_train=num_train, num_test=num_test)
    if sampler.with_replacement:
        train = codes_lib.draw_table(sampler, num_train, rng)
        seen = train.factors
    else:
        rows = sampler.factors(np.arange(sampler.num_points))
        values = max([len(np.unique(column)) for column in rows.T], default=1)
        train, test = codes_lib.draw_split(
            sampler, num_train, num_test * values, rng
        )
        seen = np.vstack([train.factors, test.factors])
    varying = checks.varying_factors(
        "unfairness", sampler.factor_names, seen, at_least=2
    )
    checks.warn_of_degenerate("unfairness", train.codes.std(axis=0))

    models = _classifiers(train, varying, rng)
    if sampler.with_replacement:
        groups = _interventions(sampler, rng, train, varying, num_test)
    else:
        groups = _groups(test, varying)
        _warn_of_chance(models, groups, rng)
    matrix = _matrix(models, groups, len(sampler.factor_names))
    return {
        "unfairness": _mean(matrix, len(varying)),
        "unfairness/matrix": matrix,
    }


def _classifiers(
    train: codes_lib.Table, varying: np.ndarray, rng: np.random.Generator
) -> dict[int, pipeline.Pipeline]:
    """One for each factor that varies."""
    models = {}
    with warnings.catch_warnings():  # of fewer than two points for a value
        warnings.filterwarnings("ignore", "The number of unique classes")
        for t in varying:
            forest = ensemble.RandomForestClassifier(
                n_estimators=20,
                max_depth=7,
                max_features=None,
                n_jobs=-1,
                random_state=int(rng.integers(2**31)),
            )
            # Trees split nothing that is closer than 1e-7.
            models[t] = pipeline.make_pipeline(
                preprocessing.StandardScaler(), forest
            ).fit(train.codes, train.factors[:, t])
    return models


def _interventions(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    train: codes_lib.Table,
    varying: np.ndarray,
    num_test: int,
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Codes [n, D] for each sensitive factor, and which value was set [n]."""
    groups = {}
    for s in varying:
        seed = int(rng.integers(2**63))  # the same other factors for each value
        values = np.unique(train.factors[:, s])
        points = [
            sampler.sample_with(
                np.full(num_test, s),
                np.full(num_test, value),
                np.random.default_rng(seed),
            )
            for value in values
        ]
        codes = codes_lib.encode(sampler, np.concatenate(points))
        groups[s] = codes, np.repeat(np.arange(len(values)), num_test)
    return groups


def _groups(
    test: codes_lib.Table, varying: np.ndarray
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """The same of the rows of a table, as they are."""
    return {
        s: (test.codes, np.unique(test.factors[:, s], return_inverse=True)[1])
        for s in varying
    }


def _warn_of_chance(models, groups, rng) -> None:
    shuffled = {s: (z, rng.permutation(v)) for s, (z, v) in groups.items()}
    chance = _mean(_matrix(models, shuffled, max(models) + 1), len(models))
    num_rows = len(next(iter(groups.values()))[1])
    warnings.warn(
        f"unfairness compares {num_rows} rows, not interventions; with so few "
        f"a fair classifier scores about {chance:.2f}.",
        stacklevel=3,
    )


def _matrix(models, groups, num_factors: int) -> np.ndarray:
    matrix = np.zeros((num_factors, num_factors))
    for t, model in models.items():
        for s, (codes, group) in groups.items():
            if s != t:
                matrix[t, s] = _distance(model.predict(codes), group)
    return matrix


def _mean(matrix: np.ndarray, num_varying: int) -> float:
    """Mean over pairs of two factors that vary; the rest of it is 0."""
    return float(matrix.sum() / (num_varying * (num_varying - 1)))


def _distance(predicted: np.ndarray, group: np.ndarray) -> float:
    """Mean total variation between the predictions of a group and of all."""
    classes, predicted = np.unique(predicted, return_inverse=True)
    counts = np.zeros((group.max() + 1, len(classes)))
    np.add.at(counts, (group, predicted), 1)
    sizes = counts.sum(axis=1)
    of_all = counts.sum(axis=0) / sizes.sum()
    variation = np.abs(counts / sizes[:, None] - of_all).sum(axis=1) / 2
    return float(variation @ sizes / sizes.sum())
