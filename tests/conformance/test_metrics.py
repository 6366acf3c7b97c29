"""Every metric, on sound codes and on bad ones."""

import inspect
import math
import subprocess
import sys
import warnings

import numpy as np
import oracles
import pytest
from oracles import NAMES, ORACLES, SIZES, constant, noise, perfect, rotated

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics import DEFAULT_METRICS, METRICS
from tfdisent.metrics.samplers import FunctionSampler, SomeLatents, TableSampler

# Counts at which a metric is quick, for the options that it has.
SMALL = {
    "num_points": 1_500,
    "num_train": 600,
    "num_test": 300,
    "num_samples": 300,
    "num_std": 1_000,
    "num_pairs": 16,
    "batch_size": 32,
}
# Those that say how well codes and factors fit, from 0 to 1.
SCORES = [
    "mig_histogram",
    "mig_analytic",
    "factor_vae_score",
    "higgins_score",
    "zdiff_corr",
    "modularity",
    "explicitness",
    "sap_svm",
    "sap_correlation",
    "dci",
    "irs",
]
# What these measure is a distance, a width or a penalty, with a scale.
WITH_SCALE = {
    "active_units": "thresholds of variance and KL",
    "gaussian_wasserstein": "a distance between codes",
    "mig_analytic": "the oracles' standard deviation is not scaled along",
    "sap_svm": "a regularised classifier of raw codes",
    "tc_discriminator": "the oracles' standard deviation is not scaled along",
    "tc_mixture": "the oracles' standard deviation is not scaled along",
    "tc_mss": "the oracles' standard deviation is not scaled along",
}
WITHOUT_FACTORS = {
    "active_units",
    "gaussian_wasserstein",
    "mean_pairwise_mi",
    "tc_discriminator",
    "tc_gaussian",
    "tc_mixture",
    "tc_mss",
}
SAMPLED = {"tc_discriminator", "tc_mixture", "tc_mss"}
every_metric = pytest.mark.parametrize("name", METRICS)


def small(name):
    """The options with which a metric is quick."""
    taken = inspect.signature(METRICS[name]).parameters
    return {option: SMALL[option] for option in SMALL if option in taken}


def measured(name, sampler, seed=0):
    return METRICS[name](sampler, np.random.default_rng(seed), **small(name))


def score(name, codes_of, seed=0):
    """All values of a metric for codes of the factors of dSprites."""
    return oracles.score(METRICS[name], codes_of, seed, **small(name))


def floats(scores):
    return {k: v for k, v in scores.items() if not isinstance(v, np.ndarray)}


def table(codes_of, n=400, seed=0):
    factors = np.random.default_rng(seed).integers(SIZES, size=(n, len(SIZES)))
    return TableSampler(codes_of(factors), factors, NAMES)


def sound(name, sampler):
    """Values that are finite, whatever is warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        scores = measured(name, sampler)
    assert all(np.isfinite(value).all() for value in scores.values())
    return scores


@every_metric
def test_values_are_plain_floats_under_the_name_of_the_metric(name):
    scores = score(name, rotated)
    assert type(scores[name]) is float
    for key, value in scores.items():
        assert key.startswith(name)
        if isinstance(value, np.ndarray):
            assert value.ndim == 2 and key.endswith("matrix")
            assert set(value.shape) == {5}
        else:
            assert type(value) is float
    assert all(np.isfinite(value).all() for value in scores.values())


@every_metric
def test_same_seed_same_score(name):
    first, again = score(name, rotated, seed=3), score(name, rotated, seed=3)
    other = score(name, rotated, seed=5)
    assert floats(first) == floats(again)
    if name != "active_units":  # a count, of which draws change nothing
        assert floats(first) != floats(other)


@every_metric
def test_global_random_state_is_neither_read_nor_changed(name):
    np.random.seed(0)
    before = score(name, rotated)
    assert np.random.random() == np.random.RandomState(0).random()
    assert floats(score(name, rotated)) == floats(before)


@every_metric
@pytest.mark.parametrize("oracle", ["duplicated", "rotated"])
def test_order_of_latents_does_not_matter(name, oracle):
    codes_of = ORACLES[oracle]
    dims = codes_of(np.zeros((1, 5), np.int64)).shape[1]
    order = np.random.default_rng(0).permutation(dims)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        shuffled = score(name, lambda f: codes_of(f)[:, order])[name]
        # The noise of z ~ q(z|x) is drawn latent by latent.
        tolerance = 0.1 if name in SAMPLED else 0.003
        assert shuffled == pytest.approx(
            score(name, codes_of)[name], abs=tolerance
        )


@pytest.mark.parametrize("name", [n for n in METRICS if n not in WITH_SCALE])
def test_sign_and_scale_of_latents_do_not_matter(name):
    scales = np.array([4.0, -1.0, 0.5, -2.0, 8.0])
    scaled = score(name, lambda f: rotated(f) * scales)
    # Changing a sign moves the borders of the histogram's half-open bins.
    assert scaled[name] == pytest.approx(score(name, rotated)[name], abs=0.03)


@pytest.mark.parametrize("name", SCORES)
def test_perfect_beats_noise(name):
    best, worst = score(name, perfect)[name], score(name, noise)[name]
    assert 1.0001 > best > worst + 0.15
    assert worst > -1e-9


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
    assert all(np.isfinite(value).all() for value in scores.values())


@every_metric
def test_sound_codes_give_no_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score(name, rotated)


@every_metric
def test_factor_with_one_value_is_left_out(name):
    sampler = oracles.WithPosteriors(
        (3, 6, 1, 32, 32), lambda f: perfect(f)[:, [0, 1, 3, 4]], NAMES
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scores = measured(name, sampler)
    said = " ".join(str(w.message) for w in caught)
    assert all(np.isfinite(value).all() for value in scores.values())
    # Those that need no factors have nothing to leave out.
    assert ("one value: orientation" in said) == uses_factors(name)


def uses_factors(name):
    try:
        sound(name, without_factors())
    except NotApplicable:
        return True
    return False


def without_factors():
    drawn = table(perfect)
    points = np.arange(drawn.num_points)
    return with_stddev(TableSampler(drawn.codes(points)))


def with_stddev(sampler):
    sampler.posteriors = lambda points: (
        sampler.codes(points),
        np.full_like(sampler.codes(points), 0.1),
    )
    return sampler


def test_which_metrics_need_no_factors():
    found = {name for name in METRICS if not uses_factors(name)}
    assert found == WITHOUT_FACTORS


@every_metric
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_codes_that_are_not_finite_are_refused(name, bad):
    def codes_of(factors):
        codes = perfect(factors)
        codes[7, 2] = bad
        return codes

    with pytest.raises(UsageError, match="1 of .* rows"):
        score(name, codes_of)


@pytest.mark.parametrize(
    "name", [n for n in METRICS if n not in WITHOUT_FACTORS]
)
def test_factors_that_are_not_whole_are_refused(name):
    class Halves(oracles.WithPosteriors):
        def factors(self, points):
            return super().factors(points) / 2

    with pytest.raises(UsageError, match="whole numbers"):
        measured(name, Halves(SIZES, perfect, NAMES))


@every_metric
@pytest.mark.parametrize("rows", [1, 2, 15, 60])
def test_few_rows_give_finite_values_or_one_sentence(name, rows):
    try:
        sound(name, with_stddev(table(perfect, rows)))
    except UsageError as error:
        assert "\n" not in str(error) and str(error).endswith(".")


@every_metric
def test_a_table_of_many_rows_is_enough(name):
    scores = sound(name, with_stddev(table(perfect, 2_500)))
    assert math.isfinite(scores[name])


@every_metric
def test_some_latents_score_like_a_model_that_has_no_others(name):
    both = oracles.WithPosteriors(
        SIZES, lambda f: np.hstack([f * 0.0, perfect(f)]), NAMES
    )
    alone = oracles.WithPosteriors(SIZES, perfect, NAMES)
    kept = SomeLatents(both, range(5, 10))
    assert floats(measured(name, kept)) == floats(measured(name, alone))


def test_default_metrics_are_metrics():
    assert set(DEFAULT_METRICS) <= set(METRICS)


def test_function_samplers_have_no_posteriors_unless_given():
    assert not hasattr(FunctionSampler(SIZES, perfect), "posteriors")


def test_metrics_need_no_tensorflow():
    program = (
        "import sys; import tfdisent.metrics; "
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
