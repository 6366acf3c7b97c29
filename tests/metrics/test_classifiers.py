import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tfdisent.metrics import classifiers

LABELS = np.arange(40) % 3
CODES = LABELS[:, None] * 7.0 + np.random.default_rng(0).normal(size=(40, 2))


def test_fit_that_does_not_converge_is_warned_of_once():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifiers.fit("mine", LogisticRegression(max_iter=1), CODES, LABELS)
    [warning] = caught
    assert warning.category is UserWarning
    assert str(warning.message).startswith("mine: ")


def test_softmax_regression_converges_and_features_are_standardised():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        models = [
            classifiers.fit(
                "mine", classifiers.softmax_regression(), codes, LABELS
            )
            for codes in (CODES, CODES * 1e-6 + 3)
        ]
    p, q = (
        model.predict_proba(codes)
        for model, codes in zip(models, (CODES, CODES * 1e-6 + 3), strict=True)
    )
    np.testing.assert_allclose(p, q, atol=1e-4)


def test_single_class_is_named_always():
    model = classifiers.fit(
        "mine", classifiers.softmax_regression(), CODES, np.full(40, 5)
    )
    assert set(model.predict(CODES)) == {5}


@pytest.mark.parametrize("standardize", [True, False])
def test_classifier_that_is_given_stays_untrained(standardize):
    classifier = classifiers.softmax_regression()
    classifiers.fit("mine", classifier, CODES, LABELS, standardize=standardize)
    assert not hasattr(classifier, "coef_")
