import numpy as np
import pytest
from scipy import linalg

from tfdisent.errors import UsageError
from tfdisent.metrics.frechet_distance import frechet_distance


def normal(n, mean, covariance, seed=0):
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(mean, covariance, size=n)


def with_moments(n, mean, covariance):
    """n rows whose mean and unbiased covariance are exactly these."""
    noise = normal(n, np.zeros(len(mean)), np.eye(len(mean)))
    noise -= noise.mean(axis=0)
    noise = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise.T)).T)
    return mean + noise @ linalg.sqrtm(covariance).real


def by_definition(first, second):
    """The equation, with eigenvalues of S_1^(1/2) S_2 S_1^(1/2), clipped."""
    s1, s2 = np.cov(first.T), np.cov(second.T)
    values, vectors = np.linalg.eigh(s1)
    root = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ s2 @ root), 0, None))
    shift = first.mean(axis=0) - second.mean(axis=0)
    return shift @ shift + np.trace(s1) + np.trace(s2) - 2 * cross.sum()


@pytest.fixture
def pair():
    rng = np.random.default_rng(3)
    mixing = rng.normal(size=(6, 6))
    first = rng.normal(size=(50, 6)) @ mixing
    return first, rng.normal(size=(70, 6)) ** 3 + 1


def test_closed_form_of_commuting_covariances():
    # |mu_1 - mu_2|^2 + sum of (sd_1 - sd_2)^2
    first = with_moments(9, [1.0, 2.0, 0.0], np.diag([4.0, 9.0, 0.25]))
    second = with_moments(30, [1.0, -1.0, 0.5], np.diag([1.0, 16.0, 0.25]))
    expected = 9 + 0.25 + 1 + 1 + 0
    assert frechet_distance(first, second) == pytest.approx(expected)


def test_closed_form_of_rotated_covariances():
    # For 2 x 2 matrices (tr (S1 S2)^.5)^2 = tr S1 S2 + 2 (|S1| |S2|)^.5.
    s1 = np.array([[2.0, 0.6], [0.6, 1.0]])
    s2 = np.array([[1.0, -0.9], [-0.9, 3.0]])
    dets = np.linalg.det(s1) * np.linalg.det(s2)
    cross = np.sqrt(np.trace(s1 @ s2) + 2 * np.sqrt(dets))
    expected = np.trace(s1) + np.trace(s2) - 2 * cross
    value = frechet_distance(
        with_moments(20, np.zeros(2), s1), with_moments(11, np.zeros(2), s2)
    )
    assert value == pytest.approx(expected)


def test_is_the_definition(pair):
    assert frechet_distance(*pair) == pytest.approx(by_definition(*pair))


def test_is_the_definition_with_fewer_rows_than_features():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(7, 20)), 2 * rng.normal(size=(5, 20))
    expected = by_definition(first, second)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-5)
    # Directions that neither set varies in add nothing.
    padded = [np.pad(x, ((0, 0), (0, 9))) for x in (first, second)]
    assert frechet_distance(*padded) == pytest.approx(
        frechet_distance(first, second), rel=1e-12
    )


@pytest.mark.parametrize("n", [5, 300])
def test_equal_sets_are_0_apart(n):
    features = 1e4 + normal(n, np.zeros(12), np.diag(10.0 ** np.arange(-6, 6)))
    shuffled = np.random.default_rng(1).permutation(features)
    assert 0 <= frechet_distance(features, shuffled) < 1e-8  # trace: 1e5


def test_invariances(pair):
    first, second = pair
    value = frechet_distance(first, second)
    turn = linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0]
    same = pytest.approx(value)
    assert frechet_distance(second, first) == same
    assert frechet_distance(first[::-1], second) == same
    assert frechet_distance(first @ turn + 5, second @ turn + 5) == same
    assert frechet_distance(3 * first, 3 * second) == pytest.approx(9 * value)


def test_bias_falls_with_the_number_of_rows():
    rng = np.random.default_rng(0)
    values = [
        frechet_distance(*rng.normal(size=(2, n, 10))) for n in (50, 500, 5_000)
    ]
    assert values[0] > 5 * values[1] > 25 * values[2] > 0


def test_features_may_be_integers_and_float32():
    first = np.array([[0, 0], [2, 0], [4, 6]])
    second = first.astype(np.float32) + 3
    assert frechet_distance(first, second) == pytest.approx(18)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.ones((3, 2)), np.ones((3, 4)), r"\[n, F\] and \[m, F\]"),
        (np.ones(3), np.ones(3), r"\[n, F\] and \[m, F\]"),
        (np.ones((1, 2)), np.ones((3, 2)), "2 rows or more"),
        (np.ones((3, 0)), np.ones((3, 0)), "1 feature or more"),
        (np.ones((3, 2)), np.full((3, 2), np.nan), "finite"),
        (np.full((3, 2), np.inf), np.ones((3, 2)), "finite"),
        (np.ones((3, 2)), np.ones((3, 2), complex), "real"),
        (np.array([["a"], ["b"]]), np.ones((3, 1)), "real"),
    ],
)
def test_bad_features_are_refused(first, second, message):
    with pytest.raises(UsageError, match=message):
        frechet_distance(first, second)
