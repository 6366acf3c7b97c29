import numpy as np
import pytest
from oracles import ORACLES, SIZES
from scipy import stats
from sklearn import linear_model

from tfdisent.errors import UsageError
from tfdisent.metrics.udr import similarity, udr

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(1_000, 5))  # of one image set, by one model
MIXING = np.linalg.qr(RNG.normal(size=(5, 5)))[0]
ONE = np.ones(5)


def slow_similarity(relations):
    """Of the 2019 study, by loops."""
    columns = [0 if not c.sum() else max(c) ** 2 / sum(c) for c in relations.T]
    rows = [0 if not r.sum() else max(r) ** 2 / sum(r) for r in relations]
    return (np.mean(columns) + np.mean(rows)) / 2


def slow_udr(codes, relation):
    """Scores of models with full masks, by loops."""
    codes = [(c - c.mean(axis=0)) / c.std(axis=0) for c in codes]
    table = np.zeros((len(codes), len(codes)))
    lasso = linear_model.Lasso(alpha=0.1, tol=1e-8)
    for i, a in enumerate(codes):
        for j, b in enumerate(codes):
            if relation == "spearman":
                both = np.abs(stats.spearmanr(a, b).statistic)
                matrix = both[: a.shape[1], a.shape[1] :]
            else:
                fits = [lasso.fit(a, t).coef_ for t in b.T]
                matrix = np.abs(fits).T
            table[i, j] = slow_similarity(matrix)
    others = ~np.eye(len(codes), dtype=bool)
    return [np.median(table[others[:, j], j]) for j in range(len(codes))]


@pytest.mark.parametrize("normalization", ["mean", "paper"])
@pytest.mark.parametrize(
    "relations, expected",
    [
        (np.eye(3), 1),
        (np.eye(3)[[2, 0, 1]], 1),
        (np.ones((3, 3)), 1 / 3),
        (np.zeros((3, 3)), 0),
        (np.zeros((0, 3)), 0),
        (0.9 * np.eye(4), 0.9),
    ],
)
def test_similarity_of_known_relations(relations, expected, normalization):
    assert similarity(relations, normalization) == pytest.approx(expected)


def test_normalizations_differ_for_unequal_numbers_of_latents():
    relations = np.array([[1.0, 0, 0, 1], [0, 1, 0, 0]])
    # Columns 1, 1, 0, 1 and rows 1/2, 1.
    assert similarity(relations, "mean") == pytest.approx((3 / 4 + 3 / 4) / 2)
    assert similarity(relations, "paper") == pytest.approx(4.5 / 6)
    relations[0, 3] = 0  # columns 1, 1, 0, 0 and rows 1, 1
    assert similarity(relations, "mean") == pytest.approx((2 / 4 + 1) / 2)
    assert similarity(relations, "paper") == pytest.approx(4 / 6)


@pytest.mark.parametrize("relation", ["lasso", "spearman"])
def test_agrees_with_slow_loops(relation):
    rng = np.random.default_rng(1)
    models = [CODES @ rng.normal(size=(5, d)) for d in (3, 5, 4, 5)]
    scores = udr(models, relation=relation)["scores"]
    assert scores == pytest.approx(slow_udr(models, relation), abs=1e-4)


# The lasso gives all weight to the first of two copies: columns 0.9 each, rows
# 2 x 0.9 and 0, so (0.9 + 0.45 / 2) / 2.
@pytest.mark.parametrize(
    "oracle, lasso",
    [
        ("perfect", 0.9),
        ("perfect and noise", 0.9),
        ("perfect and dead", 0.9),
        ("duplicated", 0.5625),
        ("rotated", 0.9),
        ("scale, x, y", 0.9),
        ("x, y", 0.9),
        ("noise", 0.9),
        ("constant", 0.0),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_oracle_against_a_permutation_of_itself(oracle, lasso):
    factors = np.random.default_rng(0).integers(SIZES, size=(2_000, 5))
    codes = ORACLES[oracle](factors)
    models = [codes, -codes[:, ::-1]]
    assert udr(models)["scores"] == pytest.approx(lasso, abs=0.01)
    scores = udr(models, relation="spearman")["scores"]
    live = codes[:, np.ptp(codes, axis=0) > 1e-3]
    expected = slow_udr([live, live], "spearman") if live.size else [0, 0]
    assert scores == pytest.approx(expected)


@pytest.mark.parametrize("relation", ["lasso", "spearman"])
def test_order_sign_and_scale_of_latents_do_not_matter(relation):
    models = [CODES, CODES @ MIXING, CODES + 0.5 * CODES @ MIXING]
    changed = [m[:, ::-1] * [-1, 2, -1e-3, 1, 50] + 7 for m in models]
    same = udr(models, relation=relation)
    other = udr(changed, relation=relation)
    assert other["scores"] == pytest.approx(same["scores"], abs=1e-4)


def test_the_model_that_differs_ranks_last():
    models = [CODES, CODES[:, ::-1], -CODES, CODES @ MIXING]
    for relation in ("lasso", "spearman"):
        scores = udr(models, relation=relation)["scores"]
        assert scores[:3].min() > scores[3] + 0.2


def test_score_is_the_median_over_the_rows_of_its_column():
    result = udr([CODES, CODES @ MIXING, CODES[:, :2], CODES**3])
    for j in range(4):
        others = [result["similarity"][i, j] for i in range(4) if i != j]
        assert result["scores"][j] == np.median(others)
        assert np.isnan(result["similarity"][j, j])


def test_groups_are_compared_within():
    models = [CODES, CODES @ MIXING, CODES, CODES @ MIXING]
    result = udr(models, groups=["a", (1, 2), "a", (1, 2)])
    assert result["scores"] == pytest.approx(0.9, abs=1e-3)
    assert np.isfinite(result["similarity"]).sum() == 4
    assert udr(models)["scores"].max() < 0.8


def test_uninformative_latents_are_left_out():
    noisy = np.hstack([CODES, RNG.normal(size=(1_000, 3))])
    kl = np.append(ONE, [0.01, 0.0, 0.009])
    masked = udr([CODES, noisy, noisy], [ONE, kl, kl])
    assert masked["scores"] == pytest.approx(0.9, abs=1e-3)
    kept = udr([CODES, noisy, noisy], [ONE, kl, kl], threshold=0.001)
    assert kept["similarity"][0, 1] < 0.85  # two columns of zeros: 5/7
    with pytest.warns(UserWarning, match="no informative latent"):
        none = udr([CODES, noisy, noisy], [ONE * 3, kl, kl], threshold=2.0)
    assert none["scores"].tolist() == [0, 0, 0]


def test_model_without_informative_latents_scores_zero_with_a_warning():
    kls = [ONE, ONE * 0.01, ONE, ONE]
    with pytest.warns(UserWarning, match=r"udr: the models \[1\] have no"):
        scores = udr([CODES] * 4, kls)["scores"]
    assert scores == pytest.approx([0.9, 0, 0.9, 0.9], abs=1e-3)


def test_informative_latent_that_is_constant_is_related_to_nothing():
    dead = CODES * [1, 1, 1, 1, 0]
    for relation in ("lasso", "spearman"):
        with_dead = udr([CODES, dead], [ONE, ONE], relation=relation)
        cap = similarity(np.diag([1.0, 1, 1, 1, 0]))
        cap *= 0.9 if relation == "lasso" else 0.93  # 4 more entries of 0.02
        assert with_dead["scores"] == pytest.approx(cap, abs=0.04)


def test_alpha_is_the_cap_of_the_lasso():
    scores = udr([CODES, CODES], alpha=0.3)["scores"]
    assert scores == pytest.approx(0.7, abs=1e-3)


@pytest.mark.parametrize(
    "arguments, text",
    [
        ({"codes": [CODES]}, "1 models"),
        ({"codes": []}, "0 models"),
        ({"codes": [CODES, CODES[:9]]}, "same images"),
        ({"codes": [CODES[:1]] * 2}, "two or more"),
        ({"codes": [CODES, CODES * np.nan]}, "NaN"),
        ({"kls": [ONE]}, "one for each latent"),
        ({"kls": [ONE, ONE[:3]]}, "one for each latent"),
        ({"kls": [ONE, ONE * np.nan]}, "finite"),
        ({"groups": ["a"]}, "1 groups for 2 models"),
        ({"groups": ["a", "b"]}, "one model in"),
        ({"relation": "pearson"}, "lasso or spearman"),
        ({"normalization": "max"}, "mean or paper"),
        ({"threshold": -1}, "threshold is -1"),
        ({"alpha": 0}, "alpha 0"),
    ],
)
def test_refuses_arguments(arguments, text):
    with pytest.raises(UsageError, match=text):
        udr(**({"codes": [CODES, CODES]} | arguments))
