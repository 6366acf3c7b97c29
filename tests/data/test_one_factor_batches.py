import numpy as np
import pytest
import scipy.stats

from tfdisent.data.members import random_subset
from tfdisent.data.one_factor_batches import one_factor_batches
from tfdisent.errors import UsageError

# Of the toy data set with factors a, b and c.
GROUPS = (("a",), ("b", "c"))
SIZES = (3, 4, 5)


def stream(dataset, elements, **options):
    """Factors `[m, B / R, 3]` and groups `[m, B / R]` of the first elements."""
    options = {"groups": GROUPS, "ratios": (1, 1), "batch_size": 8} | options
    batches = one_factor_batches(dataset, **options)
    factors, groups = [], []
    for images, group in batches.take(elements).as_numpy_iterator():
        spelled = np.rint(images * 255).reshape(-1, 3).astype(int)
        factors.append(dataset.factors_of(spelled @ [256**2, 256, 1]))
        groups.append(group)
    return np.stack(factors), np.stack(groups)


def test_elements_have_static_shapes_and_values_in_0_1(make_toy):
    batches = one_factor_batches(
        make_toy(), groups=GROUPS, ratios=(1, 1), batch_size=8, seed=0
    )
    assert batches.element_spec[0].shape == (8, 3, 1, 1)
    assert batches.element_spec[1].shape == (8,)
    images, group = next(batches.as_numpy_iterator())
    assert images.dtype == np.float32 and group.dtype == np.int64
    assert images.max() <= 1
    np.testing.assert_array_equal(images * 255, np.rint(images * 255))


def test_one_group_varies_and_all_else_is_the_same(make_toy):
    factors, groups = stream(make_toy(SIZES), 200, seed=1, batch_size=30)
    np.testing.assert_array_equal(groups, groups[:, :1] + np.zeros(30, int))
    is_same = factors.min(axis=1) == factors.max(axis=1)
    of_a = groups[:, 0] == 0
    assert is_same[of_a][:, 1:].all() and is_same[~of_a][:, 0].all()
    # 30 draws are the same with probability 3^-29.
    assert not is_same[of_a][:, 0].any() and not is_same[~of_a][:, 1:].any()


def test_all_draws_are_uniform_and_independent(make_toy):
    factors, groups = stream(make_toy(SIZES), 1000, seed=2)
    of_a = groups[:, 0] == 0
    # The active factors of every image, the others once for a batch.
    rows = {
        "active": (factors[of_a][..., :1].reshape(-1, 1), SIZES[:1]),
        "active pair": (factors[~of_a][..., 1:].reshape(-1, 2), SIZES[1:]),
        "fixed": (factors[~of_a][:, 0, :1], SIZES[:1]),
        "fixed pair": (factors[of_a][:, 0, 1:], SIZES[1:]),
    }
    for what, (drawn, sizes) in rows.items():
        indices = np.ravel_multi_index(tuple(drawn.T), sizes)
        counts = np.bincount(indices, minlength=np.prod(sizes))
        assert scipy.stats.chisquare(counts).pvalue > 1e-3, what


@pytest.mark.parametrize("ratios", [(1, 1), (10, 1), (0.5, 1.5)])
def test_groups_are_as_often_as_the_ratios_say(make_toy, ratios):
    _, groups = stream(make_toy(), 1500, seed=3, ratios=ratios, batch_size=1)
    counts = np.bincount(groups[:, 0], minlength=2)
    expected = 1500 * np.array(ratios) / sum(ratios)
    assert scipy.stats.chisquare(counts, expected).pvalue > 1e-3


def test_factors_of_no_group_never_vary_in_a_batch(make_toy):
    factors, _ = stream(make_toy(SIZES), 50, seed=1, groups=[["b"]], ratios=[1])
    np.testing.assert_array_equal(factors.std(axis=1)[:, [0, 2]], 0)
    assert len(np.unique(factors[..., 2])) == 5


@pytest.mark.parametrize("step", [1, 5, 40])
def test_the_stream_goes_on_from_any_step(make_toy, step):
    options = {"seed": 2, "num_replicas": 2}
    whole = stream(make_toy(SIZES), 2 * 50, **options)
    tail = stream(make_toy(SIZES), 20, first_step=step, **options)
    for a, b in zip(whole, tail, strict=True):
        np.testing.assert_array_equal(b, a[2 * step : 2 * step + 20])


@pytest.mark.parametrize("replicas", [2, 4, 8])
def test_replicas_share_each_batch_in_order(make_toy, replicas):
    whole = stream(make_toy(SIZES), 10, seed=3)
    shared = stream(
        make_toy(SIZES), 10 * replicas, seed=3, num_replicas=replicas
    )
    for a, b in zip(whole, shared, strict=True):
        np.testing.assert_array_equal(b.reshape(a.shape), a)


def test_a_worker_may_have_some_of_the_replicas(make_toy):
    options = {"seed": 3, "num_replicas": 4}
    whole = stream(make_toy(SIZES), 12, **options)
    own = stream(make_toy(SIZES), 6, replicas=range(2, 4), **options)
    for a, b in zip(whole, own, strict=True):
        rows = a.reshape(3, 4, *a.shape[1:])[:, 2:]
        np.testing.assert_array_equal(b, rows.reshape(b.shape))


def test_the_stream_is_a_function_of_the_seed(make_toy):
    first, again, *others = (
        stream(make_toy(SIZES), 10, seed=seed)[0]
        for seed in (0, 0, 1, 2**32, 2**62)
    )
    np.testing.assert_array_equal(first, again)
    for other in others:
        assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": [["a"], ["size"]]}, "no factor 'size'; it has a, b, c"),
        ({"ratios": [1]}, "ratios is '1'; it must be 2 numbers"),
        ({"ratios": [1, 0]}, "ratios is '1,0'; .* above 0"),
        ({"ratios": [1, float("nan")]}, "above 0"),
        ({"ratios": [1, float("inf")]}, "above 0"),
        ({"groups": [], "ratios": []}, "ratios is ''"),
        ({"batch_size": 0}, "batch of 0 images"),
        ({"num_replicas": 3}, "cannot be shared evenly"),
        ({"seed": -1}, "The seed -1"),
        ({"first_step": -1}, "first step -1"),
    ],
)
def test_wrong_arguments_are_refused(make_toy, options, message):
    with pytest.raises(UsageError, match=message):
        stream(make_toy(), 1, **({"seed": 0} | options))


def test_a_part_of_a_product_is_refused(make_toy):
    part = random_subset(make_toy(), 20, 0)
    with pytest.raises(UsageError, match="lacks combinations"):
        stream(part, 1, seed=0)
