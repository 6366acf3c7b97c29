"""Every metric, on codes whose scores are known, and on bad ones."""

import math
import subprocess
import sys
import warnings
import zlib

import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.metrics import METRICS
from tfdisent.metrics.codes import FunctionSampler

NAMES = ("shape", "scale", "orientation", "x_position", "y_position")
SIZES = (3, 6, 40, 32, 32)


def perfect(factors):
    """The factors, each with mean 0 and variance 1."""
    sizes = np.array(SIZES)
    return (factors - (sizes - 1) / 2) / np.sqrt((sizes**2 - 1) / 12)


def rotated(factors):
    mixing = np.random.default_rng(1).normal(size=(5, 5))
    return perfect(factors) @ np.linalg.qr(mixing)[0]


def noise(factors):
    seed = zlib.crc32(factors.tobytes())
    return np.random.default_rng(seed).normal(size=(len(factors), 10))


def constant(factors):
    return np.full((len(factors), 10), 0.1, np.float32)


ORACLES = {
    "perfect": perfect,
    "perfect and noise": lambda f: np.hstack([perfect(f), noise(f)]),
    "perfect and dead": lambda f: np.hstack([perfect(f), constant(f)]),
    "duplicated": lambda f: np.repeat(perfect(f), 2, axis=1),
    "rotated": rotated,
    "scale, x, y": lambda f: perfect(f)[:, [1, 3, 4]],
    "x, y": lambda f: perfect(f)[:, 3:],
    "noise": noise,
    "constant": constant,
}

# Expected score and tolerance: 4 standard deviations over seeds.
# Higgins without shape stands for the paper's four factors.
EXPECTED = {
    "mig_histogram": {
        "perfect": (0.896, 0.002),
        "perfect and noise": (0.896, 0.002),
        "perfect and dead": (0.896, 0.002),
        "duplicated": (0.0, 0.0),
        "rotated": (0.084, 0.008),
        "scale, x, y": (0.536, 0.002),
        "noise": (0.0004, 0.0006),
        "constant": (0.0, 0.0),
    },
    "factor_vae_score": {
        "perfect": (1.0, 0.0),
        "perfect and noise": (1.0, 0.0),
        "perfect and dead": (1.0, 0.0),
        "duplicated": (1.0, 0.0),
        "rotated": (0.929, 0.045),
        "scale, x, y": (0.60, 0.08),
        "x, y": (0.40, 0.08),
        "noise": (0.20, 0.07),
        "constant": (0.0, 0.0),
    },
    "higgins_score": {
        "perfect": (1.0, 0.002),
        "perfect and noise": (1.0, 0.002),
        "perfect and dead": (1.0, 0.002),
        "duplicated": (1.0, 0.002),
        "rotated": (0.942, 0.045),
        "scale, x, y": (0.80, 0.08),
        "x, y": (0.60, 0.09),
        "noise": (0.20, 0.09),
        "constant": (0.20, 0.09),
    },
    "higgins_score_without_shape": {
        "perfect": (1.0, 0.002),
        "rotated": (0.960, 0.05),
        "scale, x, y": (1.0, 0.002),
        "x, y": (0.75, 0.09),
        "noise": (0.25, 0.11),
        "constant": (0.25, 0.09),
    },
}
TABLE = [
    (key, oracle, *value)
    for key, row in EXPECTED.items()
    for oracle, value in row.items()
]

every_metric = pytest.mark.parametrize("name", METRICS)


def score(name, codes_of, seed=0):
    """All values of a metric for codes of the factors of dSprites."""
    sampler = FunctionSampler(SIZES, codes_of, NAMES)
    return METRICS[name](sampler, np.random.default_rng(seed))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("key, oracle, expected, tolerance", TABLE)
def test_oracle(key, oracle, expected, tolerance):
    name = key.removesuffix("_without_shape")
    value = score(name, ORACLES[oracle])[key]
    assert value == pytest.approx(expected, abs=tolerance)


@every_metric
def test_every_metric_is_in_the_table(name):
    assert {"perfect", "duplicated", "rotated", "noise", "constant"} <= set(
        EXPECTED[name]
    )


@every_metric
def test_values_are_plain_floats_under_the_name_of_the_metric(name):
    scores = score(name, rotated)
    assert name in scores
    for key, value in scores.items():
        assert key.startswith(name)
        assert type(value) is float


@every_metric
def test_same_seed_same_score(name):
    assert score(name, rotated, seed=3) == score(name, rotated, seed=3)
    assert score(name, rotated, seed=3) != score(name, rotated, seed=4)


@every_metric
def test_global_random_state_is_neither_read_nor_changed(name):
    np.random.seed(0)
    before = score(name, rotated)
    assert np.random.random() == np.random.RandomState(0).random()
    assert score(name, rotated) == before


@every_metric
@pytest.mark.parametrize("oracle", ["duplicated", "rotated", "noise"])
def test_order_of_latents_does_not_matter(name, oracle):
    codes_of = ORACLES[oracle]
    dims = codes_of(np.zeros((1, 5), np.int64)).shape[1]
    order = np.random.default_rng(0).permutation(dims)
    shuffled = score(name, lambda f: codes_of(f)[:, order])
    # A test point of the Higgins score may lie on the border of two classes.
    assert shuffled == pytest.approx(score(name, codes_of), abs=0.003)


@every_metric
def test_sign_and_scale_of_latents_do_not_matter(name):
    scales = np.array([4.0, -1.0, 0.5, -2.0, 8.0])
    scaled = score(name, lambda f: rotated(f) * scales)
    # Changing a sign moves the borders of the histogram's half-open bins.
    assert scaled == pytest.approx(score(name, rotated), abs=0.01)


@every_metric
def test_perfect_beats_rotated_beats_noise(name):
    scores = [score(name, codes)[name] for codes in (perfect, rotated, noise)]
    assert scores[0] > scores[1] + 0.03 > scores[2] + 0.06


@every_metric
@pytest.mark.parametrize(
    "codes_of",
    [
        constant,
        lambda f: perfect(f) * 1e-9,
        lambda f: np.hstack([perfect(f), constant(f)]),
        lambda f: perfect(f)[:, :1],
        lambda f: constant(f)[:, :1],
    ],
    ids=["constant", "collapsed", "dead", "single", "single constant"],
)
def test_degenerate_codes_give_finite_values_and_a_warning(name, codes_of):
    with pytest.warns(UserWarning, match=name):
        scores = score(name, codes_of)
    assert all(math.isfinite(value) for value in scores.values())


@every_metric
def test_sound_codes_give_no_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score(name, rotated)


@every_metric
def test_factor_with_one_value_is_left_out(name):
    sizes = (3, 6, 1, 32, 32)
    sampler = FunctionSampler(
        sizes, lambda f: perfect(f)[:, [0, 1, 3, 4]], NAMES
    )
    with pytest.warns(UserWarning, match="one value: orientation"):
        scores = METRICS[name](sampler, np.random.default_rng(0))
    assert scores[name] > 0.9


@every_metric
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_codes_that_are_not_finite_are_refused(name, bad):
    def codes_of(factors):
        codes = perfect(factors)
        codes[7, 2] = bad
        return codes

    with pytest.raises(UsageError, match="1 of .* rows"):
        score(name, codes_of)


@every_metric
def test_factors_that_are_not_whole_are_refused(name):
    sampler = FunctionSampler(SIZES, perfect, NAMES)

    class Halves:
        factor_names, factor_sizes = NAMES, SIZES
        codes = sampler.codes

        def sample_factors(self, n, rng):
            return sampler.sample_factors(n, rng) / 2

    with pytest.raises(UsageError, match="whole numbers"):
        METRICS[name](Halves(), np.random.default_rng(0))


def test_metrics_need_no_tensorflow():
    program = (
        "import sys; import tfdisent.metrics; "
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
