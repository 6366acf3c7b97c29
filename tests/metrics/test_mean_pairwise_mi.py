import numpy as np
import pytest
from oracles import ORACLES, SIZES, constant, noise, perfect, score
from sklearn.metrics import mutual_info_score

from tfdisent.errors import UsageError
from tfdisent.metrics.mean_pairwise_mi import mean_pairwise_mi
from tfdisent.metrics.samplers import TableSampler

# Independent codes: the bias (B - 1)^2 / 2n of B occupied bins, the other
# oracles by slow loops. Duplicated: the entropies of the binned factors, of
# which 5 * 2 of the 90 ordered pairs are.
EXPECTED = {
    "perfect": (0.0076, 0.0015),
    "perfect and noise": (0.0129, 0.0015),
    "perfect and dead": (0.0007, 0.0002),
    "duplicated": (0.268, 0.002),
    "rotated": (0.0405, 0.004),
    "scale, x, y": (0.0096, 0.002),
    "x, y": (0.018, 0.005),
    "noise": (0.0152, 0.0025),
    "constant": (0.0, 0.0),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("oracle", ORACLES)
def test_oracle(oracle):
    value, tolerance = EXPECTED[oracle]
    scores = score(mean_pairwise_mi, ORACLES[oracle])
    assert scores["mean_pairwise_mi"] == pytest.approx(value, abs=tolerance)


def test_agrees_with_slow_loops():
    rng = np.random.default_rng(1)
    codes = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 4))
    labels = []
    for code in codes.T:
        edges = np.histogram(code, 9)[1]
        labels.append([(value >= edges[1:-1]).sum() for value in code])
    expected = [[mutual_info_score(a, b) for a in labels] for b in labels]

    scores = mean_pairwise_mi(
        TableSampler(codes), rng, num_points=300, num_bins=9
    )
    matrix = scores["mean_pairwise_mi/mi_matrix"]
    np.testing.assert_allclose(matrix, expected, atol=1e-12)
    assert scores["mean_pairwise_mi"] == pytest.approx(
        (np.sum(expected) - np.trace(expected)) / 12
    )


def test_equal_codes_share_their_entropy():
    scores = score(mean_pairwise_mi, lambda f: perfect(f)[:, [1, 1]])
    assert scores["mean_pairwise_mi"] == pytest.approx(
        np.log(SIZES[1]), abs=0.001
    )


def test_scale_and_sign_do_not_matter():
    with pytest.warns(UserWarning, match="collapsed"):
        scores = score(mean_pairwise_mi, lambda f: noise(f) * -1e-9)
    assert scores["mean_pairwise_mi"] == pytest.approx(
        score(mean_pairwise_mi, noise)["mean_pairwise_mi"], abs=1e-4
    )


def test_single_latent_and_constant_codes_score_0_with_a_warning():
    with pytest.warns(UserWarning, match="single latent"):
        scores = score(mean_pairwise_mi, lambda f: perfect(f)[:, :1])
    assert scores["mean_pairwise_mi"] == 0
    with pytest.warns(UserWarning, match="mean_pairwise_mi: all 10 latents"):
        assert score(mean_pairwise_mi, constant)["mean_pairwise_mi"] == 0


def test_refusals():
    rng = np.random.default_rng(0)
    table = TableSampler(rng.normal(size=(19, 2)))
    with pytest.raises(UsageError, match="19 points for num_bins = 20"):
        mean_pairwise_mi(table, rng)
    with pytest.raises(UsageError, match="num_points"):
        mean_pairwise_mi(table, rng, num_points=-1)
