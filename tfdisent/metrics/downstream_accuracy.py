"""Accuracy of reading the factors off the codes, by number of labels."""

import itertools
from collections.abc import Sequence

import numpy as np
import tqdm
from sklearn import ensemble, linear_model, model_selection
from sklearn.base import ClassifierMixin

from tfdisent.errors import UsageError
from tfdisent.metrics import checks, classifiers
from tfdisent.metrics import codes as codes_lib

CLASSIFIERS = ("logistic", "logistic_cv", "boosted")

_FOLDS = 5


def downstream_accuracy(
    sampler: codes_lib.CodeSampler,
    rng: np.random.Generator,
    *,
    num_labels: Sequence[int] = (10, 100, 1_000, 10_000),
    num_test: int = 5_000,
    classifier: str = "logistic",
) -> dict[str, float]:
    """Mean accuracy over factors, of classifiers trained on n labels each.

    With a(n) the accuracy on the test points, averaged over the factors, of
    classifiers trained on the first n of the training points,

        efficiency_n = a(n) / a(N),  N the largest n.

    Classifiers, all on standardised codes:
      logistic: softmax regression with C = 1, to convergence.
      logistic_cv: with C among 1e-4, 1e-2, 1, 1e2, 1e4, the best in 5
        stratified folds; C = 1 where some value has less than 5 labels.
      boosted: scikit-learn's HistGradientBoostingClassifier, 100 rounds of
        trees of depth 3, no least number of points in a leaf.

    Deviations: the 2019 study has raw codes, ten C and unstratified folds, and
    GradientBoostingClassifier, of which `boosted` is the fast form, on codes
    cut into 255 bins.

    The defaults cost 15,000 encodings, and 1 s on 2 cores for ten latents and
    the factors of dSprites; logistic_cv takes 20 s; boosted takes 30 s with
    1,000 labels at most. The Monte-Carlo standard deviation is 0.004 for
    perfect codes, and 0.01 with 10 labels. Codes equal to the factors of
    dSprites score 0.67 and noise 0.12, as in `factor_accuracy`; their
    efficiency with 100 labels is 0.57 and 0.98: it says nothing of codes that
    are not read at all.

    Args:
      sampler: gives factors and codes.
      rng: source of randomness.
      num_labels: numbers of training points, ascending. A table with too few
        rows is split in the proportion of the largest number and num_test; its
        training part then takes the place of the numbers above it.
      num_test: points that measure the classifiers.
      classifier: logistic, logistic_cv or boosted.

    Returns:
      "downstream_accuracy" in [0, 1], at the largest number of labels;
      "downstream_accuracy/<n>_labels"; "downstream_accuracy/efficiency_<n>" for
      all but the largest, which can exceed 1; "downstream_accuracy/<factor>",
      at the largest. Values missing from the training points are never named.

    Raises:
      UsageError: a bad argument, bad codes, or no factor that varies.

    References:
      Locatello et al. 2019, Challenging Common Assumptions, section 5.5.
    """
    _check(num_labels, num_test, classifier)
    train, test, varying = classifiers.draw(
        "downstream_accuracy", sampler, rng, num_labels[-1], num_test
    )
    names = sampler.factor_names

    largest = len(train.codes)
    counts = [n for n in num_labels if n < largest] + [largest]
    random_state = int(rng.integers(2**31))
    accuracy = {n: [] for n in counts}
    with tqdm.tqdm(
        total=len(counts) * len(varying),
        desc="downstream accuracy",
        delay=5,
        leave=False,
        disable=None,
    ) as bar:
        for n, k in itertools.product(counts, varying):
            labels = train.factors[:n, k]
            model = classifiers.fit(
                "downstream_accuracy",
                _make_classifier(classifier, labels, random_state),
                train.codes[:n],
                labels,
            )
            accuracy[n].append(model.score(test.codes, test.factors[:, k]))
            bar.update()

    mean = {n: float(np.mean(values)) for n, values in accuracy.items()}
    scores = {"downstream_accuracy": mean[largest]}
    for n in counts:
        scores[f"downstream_accuracy/{n}_labels"] = mean[n]
    for n in counts[:-1]:
        # Never right with the most labels: efficiency 0 / 0 counts as 0.
        scores[f"downstream_accuracy/efficiency_{n}"] = (
            mean[n] / mean[largest] if mean[largest] else 0.0
        )
    for k, value in zip(varying, accuracy[largest], strict=True):
        scores[f"downstream_accuracy/{names[k]}"] = float(value)
    return scores


def _check(num_labels: Sequence[int], num_test: int, classifier: str) -> None:
    if not isinstance(num_labels, list | tuple) or not num_labels:
        raise UsageError(
            f"num_labels is {num_labels!r}; give a list of ascending numbers."
        )
    for n in num_labels:
        checks.check_at_least(1, num_labels=n)
    if list(num_labels) != sorted(set(num_labels)):
        raise UsageError(
            f"num_labels is {num_labels!r}; give the numbers ascending."
        )
    checks.check_at_least(1, num_test=num_test)
    if classifier not in CLASSIFIERS:
        raise UsageError(
            f"classifier is {classifier!r}; give one of "
            f"{', '.join(CLASSIFIERS)}."
        )


def _make_classifier(
    name: str, labels: np.ndarray, random_state: int
) -> ClassifierMixin:
    if name == "boosted":
        return ensemble.HistGradientBoostingClassifier(
            learning_rate=0.1,
            max_iter=100,
            max_depth=3,
            min_samples_leaf=1,
            early_stopping=False,
            random_state=random_state,
        )
    rarest = np.unique(labels, return_counts=True)[1].min()
    if name == "logistic" or rarest < _FOLDS:
        return classifiers.softmax_regression()
    return model_selection.GridSearchCV(
        linear_model.LogisticRegression(
            solver="lbfgs", tol=1e-4, max_iter=10_000
        ),
        {"C": [1e-4, 1e-2, 1.0, 1e2, 1e4]},
        cv=model_selection.StratifiedKFold(
            _FOLDS, shuffle=True, random_state=random_state
        ),
    )
