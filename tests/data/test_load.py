import pytest

from tfdisent.data import DATASETS
from tfdisent.data.load import load_dataset
from tfdisent.errors import UsageError


@pytest.fixture
def sources(make_toy, monkeypatch):
    """Makes `toy` known; returns what its loader is called with."""
    calls = []

    def load_toy(**kwargs):
        calls.append(kwargs)
        return make_toy()

    monkeypatch.setitem(DATASETS, "toy", load_toy)
    return calls


def test_the_sources_reach_the_loader(sources):
    assert load_dataset("toy", data_file="f", data_dir="d").name == "toy"
    assert sources == [
        {"data_file": "f", "tfds_data_dir": None, "data_dir": "d"}
    ]


def test_subsets_are_applied_in_their_order(sources):
    dataset = load_dataset("toy", subsets=["c<=2", "random=5@0", "b<=2"])
    assert dataset.provenance == (
        "subset(b<=2) of subset(random=5@0) of subset(c<=2) of made up"
    )


def test_an_unknown_name_lists_the_known(sources):
    with pytest.raises(UsageError, match="nope.*dsprites, toy"):
        load_dataset("nope")


def test_two_sources_are_refused(sources):
    with pytest.raises(UsageError, match="two sources"):
        load_dataset("toy", data_file="f", tfds_data_dir="t")


def test_a_wrong_subset_is_refused_before_loading(sources):
    with pytest.raises(UsageError, match="not understood"):
        load_dataset("toy", subsets=["c<=2", "hmm"])
    assert not sources
