import pytest

from tfdisent.evaluation.figures.latents import is_inactive, order_by_kl


def test_largest_first_ties_in_order_nan_last():
    assert order_by_kl([0.5, float("nan"), 2, 0.5, 0]) == [2, 0, 3, 4, 1]


@pytest.mark.parametrize(
    ("kl", "inactive"), [(0, True), (0.05, True), (0.051, False)]
)
def test_threshold(kl, inactive):
    assert is_inactive(kl) == inactive


def test_a_latent_of_unknown_kl_is_inactive():
    assert is_inactive(float("nan"))
