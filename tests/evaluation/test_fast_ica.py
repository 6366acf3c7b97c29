import json
import warnings

import numpy as np
import pytest

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.subsets import random_subset
from tfdisent.errors import UsageError
from tfdisent.evaluation import fast_ica as fast_ica_lib
from tfdisent.evaluation.fast_ica import fast_ica, fast_ica_pairwise


class Mixed(FactorDataset):
    """Pixels that are sums of three independent uniform factors."""

    def __init__(self):
        super().__init__(
            name="mixed",
            provenance="mixed for tests",
            factor_names=("shape", "left", "right"),
            factor_sizes=(3, 9, 9),
            image_shape=(2, 3, 1),
        )
        self._mixing = np.array(
            [[20, 5, 3, 9, 0, 11], [1, 8, 3, 4, 9, 2], [7, 2, 6, 1, 3, 8]]
        )

    def images(self, indices):
        pixels = self.factors_of(indices) @ self._mixing
        return pixels.astype(np.uint8).reshape(-1, *self.image_shape)


@pytest.fixture(scope="module")
def mixed():
    return Mixed()


def test_independent_factors_are_recovered(mixed):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampler = fast_ica(mixed, num_latents=3)
    points = np.arange(len(mixed))
    codes, factors = sampler.codes(points), sampler.factors(points)
    np.testing.assert_allclose(codes.std(axis=0), 1, atol=1e-3)
    match = np.abs(np.corrcoef(codes.T, factors.T)[:3, 3:])
    assert sorted(match.argmax(axis=1)) == [0, 1, 2]
    assert match.max(axis=1).min() > 0.99
    assert sampler.settings["converged"] is True
    json.dumps(sampler.settings)


def test_the_same_seed_gives_the_same_codes(mixed):
    points = np.arange(len(mixed))
    one, two, other = (
        fast_ica(mixed, num_latents=3, seed=seed, num_images=100)
        for seed in (1, 1, 2)
    )
    assert one.settings["num_images"] == 100
    np.testing.assert_array_equal(one.codes(points), two.codes(points))
    assert not np.allclose(one.codes(points), other.codes(points))


def test_no_convergence_is_a_warning_of_ours(squares, monkeypatch):
    monkeypatch.setattr(fast_ica_lib, "MAX_ITERATIONS", 2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sampler = fast_ica(squares, num_latents=10)
    assert [w.category for w in caught] == [UserWarning]
    assert str(caught[0].message).startswith("fast_ica: not converged")
    assert sampler.settings["converged"] is False
    assert np.isfinite(sampler.codes(np.arange(75))).all()


def test_pairs_of_shapes(mixed):
    samplers = fast_ica_pairwise(mixed, num_latents=2)
    assert [s.dataset.provenance for s in samplers] == [
        f"subset(shape={pair}) of mixed for tests"
        for pair in ("0,1", "0,2", "1,2")
    ]
    for sampler in samplers:
        assert sampler.factor_sizes == (2, 9, 9)
        assert sampler.settings["num_images"] == sampler.num_points == 162
        assert sampler.codes(np.arange(162)).shape == (162, 2)


def test_pairs_need_shapes(squares, mixed):
    for dataset in (squares, random_subset(mixed, 50, 0)):
        with pytest.raises(UsageError, match="fast_ica_pairwise .* shape"):
            fast_ica_pairwise(dataset)


@pytest.mark.parametrize("name", ["num_latents", "num_images"])
def test_bad_options(mixed, name):
    with pytest.raises(UsageError, match=f"{name} is 0"):
        fast_ica(mixed, **{"num_latents": 2, name: 0})
