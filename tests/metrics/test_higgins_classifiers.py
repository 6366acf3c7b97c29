import numpy as np
import pytest

from tfdisent.metrics.higgins_classifiers import CLASSIFIERS, LinearSoftmax


def blobs(n=60, spread=0.3):
    rng = np.random.default_rng(0)
    labels = rng.choice([1, 3, 4], size=n)
    return np.eye(5)[labels] + rng.normal(scale=spread, size=(n, 5)), labels


def slow_linear(features, labels, epochs, rate, seed):
    """Adagrad by loops over points, classes and features."""
    classes = sorted(set(labels))
    n, dims = features.shape
    bound = 1 / np.sqrt(dims)
    start = np.random.default_rng(seed)
    weights = start.uniform(-bound, bound, (dims + 1, len(classes)))
    squares = np.zeros_like(weights)
    for _ in range(epochs):
        gradient = np.zeros_like(weights)
        for x, label in zip(features, labels, strict=True):
            x = [*x, 1.0]
            p = np.exp(x @ weights)
            p /= p.sum()
            for c, name in enumerate(classes):
                for d in range(dims + 1):
                    gradient[d, c] += x[d] * (p[c] - (name == label)) / n
        squares += gradient**2
        weights -= rate * gradient / (np.sqrt(squares) + 1e-10)
    return weights


def test_linear_agrees_with_slow_loops():
    features, labels = blobs()
    model = LinearSoftmax(epochs=7, learning_rate=0.1, random_state=3)
    model.fit(features, labels)
    expected = slow_linear(features, labels, 7, 0.1, 3)
    np.testing.assert_allclose(model.weights_, expected)
    logits = np.hstack([features, np.ones((60, 1))]) @ expected
    np.testing.assert_array_equal(
        model.predict(features), np.array([1, 3, 4])[logits.argmax(axis=1)]
    )


def test_second_fit_of_linear_starts_anew():
    features, labels = blobs()
    model = LinearSoftmax(epochs=50)
    first = model.fit(features, labels).weights_
    model.fit(features[::-1] * 9, labels)
    np.testing.assert_array_equal(model.fit(features, labels).weights_, first)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_learn_and_are_seeded(name):
    features, labels = blobs(1_000)
    test, truth = blobs(1_200)

    def fitted(random_state):
        return CLASSIFIERS[name](random_state).fit(features, labels)

    np.testing.assert_array_equal(
        fitted(5).predict(test), fitted(5).predict(test)
    )
    assert fitted(5).score(test[1_000:], truth[1_000:]) > 0.9
