import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from tfdisent.cli import data_flags, prepare_data
from tfdisent.data import DATASETS
from tfdisent.data.dsprites import DSprites
from tfdisent.errors import UsageError


@pytest.fixture(autouse=True)
def restored_flags():
    with flagsaver.flagsaver():
        flags.FLAGS.mark_as_parsed()
        yield


@pytest.fixture
def calls(monkeypatch):
    """Replaces dSprites by images of 16 white pixels; returns the calls."""
    calls = []

    def load(**kwargs):
        """Loads stripes."""
        calls.append(kwargs)
        packed = np.zeros((737_280, 512), np.uint8)
        packed[:, :2] = 255
        return DSprites(packed, provenance="striped", storage="/a/file")

    monkeypatch.setitem(DATASETS, "dsprites", load)
    return calls


def run(*arguments):
    for argument in arguments:
        name, value = argument.removeprefix("--").split("=", maxsplit=1)
        values = [value] if name == "subset" else value
        setattr(flags.FLAGS, name, values)
    prepare_data.main(["prepare_data"])


def test_it_says_what_the_data_set_holds(calls, capsys):
    run("--dataset=dsprites", "--data_dir=/d", "--subset=scale<=1")
    assert calls == [
        {"data_file": None, "tfds_data_dir": None, "data_dir": "/d"}
    ]
    said = dict(
        line.split(None, 1) for line in capsys.readouterr().out.splitlines()
    )
    assert said["name"] == "dsprites"
    assert said["provenance"] == "subset(scale<=1) of striped"
    assert said["factors"].startswith("shape 3, scale 1, orientation 40")
    assert said["images"] == "122,880 of shape (64, 64, 1)"
    assert said["white"] == "16.0000 of 4096 pixels"
    assert "/a/file" in said["stored"]


def test_list_names_every_data_set(calls, capsys):
    run("--dataset=list")
    assert capsys.readouterr().out == "dsprites: Loads stripes.\n"
    assert not calls


def test_an_unknown_data_set_is_refused(calls):
    with pytest.raises(UsageError, match="nope.*dsprites"):
        run("--dataset=nope")


@pytest.mark.parametrize(
    "argument", ["--dataset=nope", "--data_file=f", "--subset=scale<=1"]
)
def test_only_whole_drawn_dsprites_go_to_tfds(calls, argument, tmp_path):
    with pytest.raises(UsageError, match="leave out"):
        run(f"--tfds_data_dir={tmp_path / 'new'}", argument)
    assert not (tmp_path / "new").exists()


def test_a_stray_argument_is_refused():
    with pytest.raises(UsageError, match="stray"):
        prepare_data.main(["prepare_data", "stray"])


def test_the_flags_can_be_asked_for_twice():
    data_flags.define_data_flags()
    assert flags.FLAGS["dataset"].default == "dsprites"
