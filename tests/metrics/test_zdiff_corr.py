import numpy as np
import pytest
from oracles import ORACLES, constant, noise, perfect, score
from scipy import stats

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.metrics.samplers import FunctionSampler, TableSampler
from tfdisent.metrics.zdiff_corr import zdiff_corr

# A code correlates fully with its factor and not with others: 3 of 5 and 2 of
# 5, plus what is by chance. Rotated: by the slow loop below. Signed, rotated:
# the mean over columns of the largest |element| of the rotation.
EXPECTED = {
    "perfect": (1.0, 1.0, 1e-9),
    "perfect and noise": (1.0, 1.0, 1e-9),
    "perfect and dead": (1.0, 1.0, 1e-9),
    "duplicated": (1.0, 1.0, 1e-9),
    "rotated": (0.453, 0.7265, 0.015),
    "scale, x, y": (0.605, 0.607, 0.008),
    "x, y": (0.408, 0.409, 0.01),
    "noise": (0.0194, 0.028, 0.013),
    "constant": (0.0, 0.0, 0.0),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", ORACLES)
def test_oracle(oracle):
    *expected, tolerance = EXPECTED[oracle]
    found = [
        score(zdiff_corr, ORACLES[oracle], signed=signed)["zdiff_corr"]
        for signed in (False, True)
    ]
    assert found == pytest.approx(expected, abs=tolerance)


def slow_matrix(codes, factors, size, signed, circular):
    """C over all pairs of different rows; the last factor may be circular."""
    a, b = np.nonzero(~np.eye(len(codes), dtype=bool))
    matrix = np.zeros((codes.shape[1], factors.shape[1]))
    for j, code in enumerate(codes.T):
        for k, factor in enumerate(factors.T):
            dz, dv = code[a] - code[b], 1.0 * (factor[a] - factor[b])
            if circular and k == factors.shape[1] - 1:
                dv[dv > size / 2] -= size
                dv[dv < -size / 2] += size
            if not signed:
                dz, dv = np.abs(dz), np.abs(dv)
            matrix[j, k] = abs(stats.pearsonr(dz, dv)[0])
    return matrix


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("circular", [(), ("angle",)])
def test_agrees_with_slow_loops(signed, circular):
    rng = np.random.default_rng(1)
    factors = rng.integers((4, 9), size=(60, 2))
    factors[0] = 3, 8  # the table takes the sizes from the largest values
    codes = factors @ rng.normal(size=(2, 3)) + rng.normal(size=(60, 3))
    scores = zdiff_corr(
        TableSampler(codes, factors, ("size", "angle")),
        rng,
        num_points=60,
        num_pairs=200_000,
        signed=signed,
        circular=circular,
    )
    expected = slow_matrix(codes, factors, 9, signed, circular)
    np.testing.assert_allclose(scores["zdiff_corr/matrix"], expected, atol=0.01)
    assert scores["zdiff_corr"] == pytest.approx(
        scores["zdiff_corr/matrix"].max(axis=0).mean()
    )


def test_signed_is_the_correlation_itself():
    rng = np.random.default_rng(0)
    factors = rng.integers(9, size=(5_000, 1))
    codes = factors + rng.normal(0, 3, (5_000, 2))
    matrix = zdiff_corr(
        TableSampler(codes, factors),
        rng,
        num_points=5_000,
        num_pairs=200_000,
        signed=True,
    )["zdiff_corr/matrix"]
    for j in range(2):
        expected = stats.pearsonr(codes[:, j], factors[:, 0])[0]
        assert matrix[j, 0] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("signed", [False, True])
def test_circle_has_no_first_value(signed):
    rng = np.random.default_rng(0)
    angle = rng.integers(8, size=(2_000, 1))
    codes = rng.normal(size=(2_000, 2)) + angle

    def value(first, circular):
        return zdiff_corr(
            TableSampler(codes, (angle - first) % 8, ("angle",)),
            np.random.default_rng(0),
            num_points=2_000,
            signed=signed,
            circular=circular,
        )["zdiff_corr"]

    assert value(3, ["angle"]) == pytest.approx(value(0, ["angle"]), abs=1e-9)
    assert abs(value(3, []) - value(0, [])) > 0.1


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("scale", [1e-9, -1e9])
def test_scale_and_sign_do_not_matter(scale):
    scaled = score(zdiff_corr, lambda f: ORACLES["rotated"](f) * scale)
    assert scaled["zdiff_corr"] == pytest.approx(
        score(zdiff_corr, ORACLES["rotated"])["zdiff_corr"]
    )


def test_constant_codes_score_0_with_a_warning():
    with pytest.warns(UserWarning, match="zdiff_corr: all 10 latents"):
        scores = score(zdiff_corr, constant)
    assert scores["zdiff_corr"] == 0
    assert (scores["zdiff_corr/matrix"] == 0).all()


def test_rounding_of_a_constant_does_not_correlate():
    def codes_of(factors):
        return np.float32(3.0) + 2.0**-23 * (factors % 2)

    with pytest.warns(UserWarning, match="collapsed"):
        assert score(zdiff_corr, codes_of)["zdiff_corr"] == 0


def test_factor_with_one_value_does_not_count():
    sampler = FunctionSampler((3, 1, 6), lambda f: f[:, [0, 2]])
    with pytest.warns(UserWarning, match="one value: factor_1"):
        scores = zdiff_corr(sampler, np.random.default_rng(0))
    assert scores["zdiff_corr"] == pytest.approx(1)
    assert scores["zdiff_corr/matrix"].shape == (2, 3)
    assert (scores["zdiff_corr/matrix"][:, 1] == 0).all()


def test_two_rows_have_one_difference():
    table = TableSampler([[0.1, 2.0], [0.4, 3.0]], [[0, 1], [1, 0]])
    with pytest.warns(UserWarning, match="2 rows"):
        scores = zdiff_corr(table, np.random.default_rng(0))
    assert scores["zdiff_corr"] == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"num_pairs": 1}, "num_pairs"),
        ({"num_points": 1.5}, "num_points"),
        ({"circular": "orientation"}, "list of some of the factors shape"),
        ({"circular": ["angle"]}, "list of some of the factors shape"),
    ],
)
def test_refuses_arguments(arguments, message):
    with pytest.raises(UsageError, match=message):
        score(zdiff_corr, noise, **arguments)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("circular", [(), ("orientation",)])
def test_needs_factors(circular):
    rng = np.random.default_rng(0)
    with pytest.raises(NotApplicable, match="zdiff_corr"):
        zdiff_corr(TableSampler(perfect(np.eye(5))), rng, circular=circular)
    with pytest.raises(UsageError, match="1 or more factors"):
        zdiff_corr(TableSampler([[1.0]], [[3]]), rng)
