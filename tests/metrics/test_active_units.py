import numpy as np
import pytest
from oracles import ORACLES, noise, perfect, score

from tfdisent.errors import UsageError
from tfdisent.metrics.active_units import active_units
from tfdisent.metrics.samplers import FunctionSampler, TableSampler


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "oracle, active, informed",  # stddev 0.1 alone has a KL of 1.8 nats
    [
        ("perfect", 5, 5),
        ("perfect and noise", 15, 15),
        ("perfect and dead", 5, 15),
        ("duplicated", 10, 10),
        ("rotated", 5, 5),
        ("scale, x, y", 3, 3),
        ("x, y", 2, 2),
        ("noise", 10, 10),
        ("constant", 0, 10),
    ],
)
def test_oracle(oracle, active, informed):
    assert score(active_units, ORACLES[oracle], num_points=500) == {
        "active_units": active,
        "active_units/kl_above_0.01": informed,
    }


class Normal:
    """Means 0, shifted or scaled, so that variance and KL are at will."""

    factor_names, factor_sizes, num_points = (), (), 100_000
    with_replacement = True

    def __init__(self, scale, shift, stddev):
        self.scale, self.shift, self.stddev = map(
            np.asarray, (scale, shift, stddev)
        )

    def sample(self, n, rng):
        return rng.integers(self.num_points, size=n)

    def posteriors(self, points):
        sign = np.where(points % 2, 1.0, -1.0)[:, None]
        mean = sign * self.scale + self.shift
        return mean, np.broadcast_to(self.stddev, mean.shape)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_thresholds():
    # Variances 0.0064 and 0.0144 on both sides of 0.01; KLs half of the mean
    # square, 0.0032 to 0.02, and log 2 - 3/8 for a stddev of 1/2.
    sampler = Normal([0.08, 0.12, 0, 0, 0], [0, 0, 0.2, 0.1, 0], [1] * 4 + [2])
    scores = active_units(sampler, np.random.default_rng(0))
    assert scores == {"active_units": 1, "active_units/kl_above_0.01": 2}
    sampler = Normal([0, 0.2, 0], [0, 0, 0], [0.5, 1, 1.0])
    scores = active_units(sampler, np.random.default_rng(0))
    assert scores == {"active_units": 1, "active_units/kl_above_0.01": 2}


def test_codes_stand_for_the_mean_without_posteriors():
    codes = perfect(np.random.default_rng(0).integers(3, size=(200, 5)))
    codes *= [1, 1e-4, 1, 10, 1]
    scores = active_units(TableSampler(codes), np.random.default_rng(0))
    assert scores == {"active_units": (codes.var(axis=0) > 0.01).sum()}
    assert type(scores["active_units"]) is float


@pytest.mark.parametrize(
    "codes_of, text",
    [
        (lambda f: perfect(f) * 1e-9, "collapsed"),
        (lambda f: perfect(f)[:, :1], "single latent"),
    ],
)
def test_warns_of_degenerate_codes(codes_of, text):
    with pytest.warns(UserWarning, match=f"active_units: .*{text}"):
        score(active_units, codes_of, num_points=100)


@pytest.mark.parametrize("num_points", [1, 2.5])
def test_refuses_arguments(num_points):
    with pytest.raises(UsageError, match="num_points"):
        score(active_units, noise, num_points=num_points)


def test_refuses_codes_that_are_not_finite():
    sampler = FunctionSampler((3,), lambda f: f / 0.0)
    with (
        np.errstate(all="ignore"),
        pytest.raises(UsageError, match="rows of codes hold NaN"),
    ):
        active_units(sampler, np.random.default_rng(0))
