"""What the metrics that train a classifier share."""

import warnings

import numpy as np
import threadpoolctl
from sklearn import dummy, linear_model, pipeline, preprocessing
from sklearn.base import ClassifierMixin, clone

from tfdisent.metrics import checks
from tfdisent.metrics import codes as codes_lib


def draw(
    metric: str,
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    num_train: int,
    num_test: int,
    *,
    at_least: int = 1,
) -> tuple[codes_lib.Table, codes_lib.Table, np.ndarray]:
    """Draws what to train and to test on, and says which factors vary.

    Args:
      metric: name for the messages.
      sampler: gives factors and codes.
      rng: source of randomness.
      num_train: points to train on.
      num_test: points to test on.
      at_least: how many varying factors the metric needs.

    Returns:
      The two parts, and the indices of the factors that vary in both together.

    Raises:
      NotApplicable: there are no factors.
      UsageError: bad codes, less than two points, or too few factors vary.
    """
    train, test = codes_lib.draw_split(sampler, num_train, num_test, rng)
    factors = np.vstack([train.factors, test.factors])
    varying = checks.varying_factors(
        metric, sampler.factor_names, factors, at_least
    )
    checks.warn_of_degenerate(metric, train.codes.std(axis=0))
    return train, test, varying


def softmax_regression() -> linear_model.LogisticRegression:
    """Multinomial logistic regression, to convergence.

    It minimises |W|^2 / 2 + sum_i -log p(y_i | x_i) until no entry of the
    gradient, over n, is above 1e-6. Newton-CG needs some ten steps for that
    where lbfgs needs 100, and draws nothing.
    """
    return linear_model.LogisticRegression(
        C=1.0, solver="newton-cg", tol=1e-6, max_iter=1_000
    )


def fit(
    metric: str,
    classifier: ClassifierMixin,
    features: np.ndarray,
    labels: np.ndarray,
    *,
    standardize: bool = True,
) -> pipeline.Pipeline:
    """Fits a classifier; with one class among the labels, it names that one.

    Args:
      metric: name for the messages.
      classifier: of scikit-learn's form; a copy of it is fitted.
      features: [n, D] floats.
      labels: [n] integers.
      standardize: to mean 0 and variance 1 over these rows; a feature without
        variance becomes 0.

    Returns:
      What predicts from features that are not standardised.

    Warns:
      UserWarning: scikit-learn warned, of a fit that did not converge, say.
    """
    if len(np.unique(labels)) < 2:
        classifier = dummy.DummyClassifier(strategy="most_frequent")
    scaler = preprocessing.StandardScaler() if standardize else "passthrough"
    model = pipeline.make_pipeline(scaler, clone(classifier))
    # On two threads such small steps can take ten times as long as on one.
    with (
        threadpoolctl.threadpool_limits(1),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        # Rounding depends on the order in memory.
        model.fit(np.ascontiguousarray(features), labels)
    if caught:
        reason = str(caught[0].message).splitlines()[0]
        warnings.warn(
            f"{metric}: scikit-learn warned of a classifier: {reason}",
            stacklevel=3,
        )
    return model
