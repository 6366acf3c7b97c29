import numpy as np
import pytest

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.evaluation.mask import active_latents
from tfdisent.metrics.samplers import FunctionSampler

SAMPLER = FunctionSampler((3, 8), lambda f: f * np.array([0.05, 2.0]))
KL = np.array([0.01, 3.0])


@pytest.mark.parametrize(
    "mask, kl, expected",
    [
        ("kl", KL, [1]),
        ("kl", KL[::-1], [0]),
        ("variance", None, [1]),
        ("none", KL, None),
        (None, KL, [1]),
        (None, None, None),
        (None, KL + 1, None),
        (None, KL * 0, None),
        ("variance", KL[::-1], [1]),
    ],
)
def test_which_latents_are_active(mask, kl, expected):
    active = active_latents(mask, SAMPLER, 0, kl)
    assert (None if active is None else active.tolist()) == expected


def test_a_mask_that_keeps_none_is_refused_if_it_was_asked_for():
    with pytest.raises(UsageError, match="keeps none of 2 latents"):
        active_latents("kl", SAMPLER, 0, KL * 0)


def test_unknown_mask_is_named():
    with pytest.raises(UsageError, match="'all' is not known; give one of kl"):
        active_latents("all", SAMPLER, 0, KL)


def test_kl_needs_posteriors():
    with pytest.raises(NotApplicable, match="variance or none"):
        active_latents("kl", SAMPLER, 0)
