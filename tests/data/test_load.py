import pytest

from tfdisent.data import DATASETS
from tfdisent.data.load import load_dataset, options_of
from tfdisent.errors import UsageError


@pytest.fixture
def calls(make_toy, monkeypatch):
    """Makes `toy` known; returns what its loader is called with."""
    calls = []

    def load_toy(
        *, data_file=None, tfds_data_dir=None, image_size=64, data_dir=None
    ):
        calls.append((data_file, tfds_data_dir, image_size, data_dir))
        return make_toy()

    monkeypatch.setitem(DATASETS, "toy", load_toy)
    return calls


def test_options_reach_the_loader_and_none_stands_for_its_default(calls):
    dataset = load_dataset(
        "toy", data_file="f", tfds_data_dir=None, image_size=32, data_dir="d"
    )
    load_dataset("toy", image_size=None)
    assert dataset.name == "toy"
    assert calls == [("f", None, 32, "d"), (None, None, 64, None)]


def test_an_option_that_is_not_taken_lists_those_that_are(calls):
    with pytest.raises(
        UsageError,
        match="toy does not take --factors_file=f; it takes --data_file, "
        "--tfds_data_dir, --image_size",
    ):
        load_dataset("toy", factors_file="f")
    assert not calls


def test_subsets_are_applied_in_their_order(calls):
    dataset = load_dataset("toy", subsets=["c<=2", "random=5@0", "b<=2"])
    assert dataset.provenance == (
        "subset(b<=2) of subset(random=5@0) of subset(c<=2) of made up"
    )


@pytest.mark.parametrize("name", ["nope", "toy:path", "folder", "folder:"])
def test_an_unknown_name_lists_the_known(calls, name):
    with pytest.raises(UsageError, match=f"={name} .*dsprites.*toy.*folder:"):
        load_dataset(name)


@pytest.mark.parametrize(
    "name, meant", [("cifra10", "cifar10"), ("photos", "folder:photos")]
)
def test_what_may_be_meant_is_said(tmp_path, monkeypatch, name, meant):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    with pytest.raises(UsageError, match=f"did you mean {meant}\\?"):
        load_dataset(name)


def test_the_path_of_a_folder_is_in_its_name(monkeypatch, make_toy):
    paths = []

    def load_folder(*, path, data_dir=None):
        del data_dir
        paths.append(path)
        return make_toy()

    monkeypatch.setitem(DATASETS, "folder", load_folder)
    load_dataset("folder:/a/b:c")
    assert paths == ["/a/b:c"]
    assert options_of("folder") == ["path"]


def test_two_sources_are_refused(calls):
    with pytest.raises(UsageError, match="two sources"):
        load_dataset("toy", data_file="f", tfds_data_dir="t")


def test_a_wrong_subset_is_refused_before_loading(calls):
    with pytest.raises(UsageError, match="not understood"):
        load_dataset("toy", subsets=["c<=2", "hmm"])
    assert not calls
