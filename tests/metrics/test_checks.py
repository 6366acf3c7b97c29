import warnings

import numpy as np
import pytest

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics import checks


@pytest.mark.parametrize("value", [0, -1, 2.0, "3", None])
def test_check_at_least_names_the_argument(value):
    with pytest.raises(UsageError, match="num_points is"):
        checks.check_at_least(1, num_points=value)


def test_check_at_least_takes_numpy_integers():
    checks.check_at_least(1, a=1, b=np.int64(7))


def test_varying_factors_warns_of_the_others():
    factors = np.array([[0, 7, 1], [2, 7, 1], [0, 7, 0]])
    with pytest.warns(UserWarning, match="mig leaves out .*: b"):
        kept = checks.varying_factors("mig", "abc", factors, at_least=2)
    assert kept.tolist() == [0, 2]
    with pytest.raises(UsageError, match="needs 3"):
        checks.varying_factors("mig", "abc", factors, at_least=3)


def test_without_factors_the_metric_does_not_exist():
    with pytest.raises(NotApplicable, match="mig needs the factors"):
        checks.varying_factors("mig", (), np.zeros((4, 0), int), at_least=1)


@pytest.mark.parametrize(
    "std, message",
    [
        ([1.0], "single latent"),
        ([0.01, 0.0], "collapsed"),
        ([1.0, 0.0], "1 of 2 latents are constant"),
    ],
)
def test_warn_of_degenerate(std, message):
    with pytest.warns(UserWarning, match=message):
        checks.warn_of_degenerate("mig", np.array(std))


def test_no_warning_of_an_inactive_latent_among_active_ones():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checks.warn_of_degenerate("mig", np.array([1.0, 0.01]))
