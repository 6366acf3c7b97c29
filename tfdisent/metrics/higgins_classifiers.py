"""The classifiers that a Higgins score can be taken with."""

from collections.abc import Callable

import numpy as np
from scipy.special import softmax
from sklearn import ensemble, neural_network
from sklearn.base import BaseEstimator, ClassifierMixin

from tfdisent.metrics import classifiers

MLP_POINTS = 10
"""The MLP takes this many training points of each class: one to validate."""


class LinearSoftmax(ClassifierMixin, BaseEstimator):
    """Linear layer and softmax, trained by gradient descent with Adagrad.

    The gradient g of the mean cross-entropy over all points moves each weight
    by -learning_rate g / (sqrt(sum of all g^2 so far) + 1e-10). Weights and
    biases start uniform in +-1/sqrt(D) and the sums at 0, at every fit.

    Args:
      epochs: steps.
      learning_rate: of Adagrad.
      random_state: seeds the start.
    """

    def __init__(
        self,
        epochs: int = 10_000,
        learning_rate: float = 0.01,
        random_state: int = 0,
    ):
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, features: np.ndarray, labels: np.ndarray) -> "LinearSoftmax":
        """Trains on features [n, D] with labels [n]."""
        self.classes_, targets = np.unique(labels, return_inverse=True)
        inputs = _with_bias(features)  # [n, D + 1]
        one_hot = np.eye(len(self.classes_))[targets]  # [n, K]
        bound = 1 / np.sqrt(features.shape[1])
        self.weights_ = np.random.default_rng(self.random_state).uniform(
            -bound, bound, (inputs.shape[1], len(self.classes_))
        )
        squares = np.zeros_like(self.weights_)
        for _ in range(self.epochs):
            errors = softmax(inputs @ self.weights_, axis=1) - one_hot
            gradient = inputs.T @ errors / len(inputs)
            squares += gradient**2
            self.weights_ -= (
                self.learning_rate * gradient / (np.sqrt(squares) + 1e-10)
            )
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Returns the likeliest label of each row, [n]."""
        logits = _with_bias(features) @ self.weights_
        return self.classes_[logits.argmax(axis=1)]


def _with_bias(features: np.ndarray) -> np.ndarray:
    return np.hstack([features, np.ones((len(features), 1))])


def _mlp(random_state: int) -> ClassifierMixin:
    batch_size = 100
    return neural_network.MLPClassifier(
        hidden_layer_sizes=(256, 256),
        activation="relu",
        solver="adam",
        learning_rate_init=1e-3,
        alpha=1e-4 * batch_size,  # scikit-learn divides it by the batch size
        batch_size=batch_size,
        max_iter=1_000,
        early_stopping=True,
        validation_fraction=1 / MLP_POINTS,
        n_iter_no_change=20,
        tol=1e-4,
        random_state=random_state,
    )


def _forest(random_state: int) -> ClassifierMixin:
    return ensemble.RandomForestClassifier(
        n_estimators=150, random_state=random_state
    )


CLASSIFIERS: dict[str, Callable[[int], ClassifierMixin]] = {
    "logistic": lambda random_state: classifiers.softmax_regression(),
    "linear": lambda random_state: LinearSoftmax(random_state=random_state),
    "mlp": _mlp,
    "forest": _forest,
}
"""Each makes an untrained classifier from a seed."""
