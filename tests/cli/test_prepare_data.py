import json

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from tfdisent.cli import data_flags, prepare_data
from tfdisent.data import DATASETS
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import RunError, UsageError


@pytest.fixture(autouse=True)
def restored_flags(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with flagsaver.flagsaver():
        flags.FLAGS.mark_as_parsed()
        yield


@pytest.fixture
def calls(monkeypatch):
    """Replaces dSprites by 24 grey images; returns the calls."""
    calls = []
    rows = np.arange(24, dtype=np.uint8).reshape(24, 1, 1, 1)
    rows = np.broadcast_to(rows * 10, (24, 16, 16, 1))
    factors = np.stack(np.unravel_index(np.arange(24), (4, 6)), axis=-1)

    def load(*, data_file=None, tfds_data_dir=None, data_dir=None):
        """Loads stripes."""
        calls.append((data_file, tfds_data_dir, data_dir))
        return RowsDataset(
            rows,
            factors,
            name="dsprites",
            provenance="striped",
            factor_names=("scale", "shade"),
        )

    monkeypatch.setitem(DATASETS, "dsprites", load)
    return calls


def run(*arguments):
    for argument in arguments:
        name, value = argument.removeprefix("--").split("=", maxsplit=1)
        values = [value] if name == "subset" else value
        setattr(flags.FLAGS, name, values)
    prepare_data.main(["prepare_data"])


def test_it_says_what_the_data_set_holds(calls, capsys):
    run("--dataset=dsprites", "--data_dir=/d", "--subset=scale<=2")
    assert calls == [(None, None, "/d")]
    lines = capsys.readouterr().out.splitlines()
    said = {line[:12].strip(): line[12:] for line in lines}
    assert said["name"] == "dsprites"
    assert said["provenance"] == "subset(scale<=2) of striped"
    assert said["images"] == "12 of 16 x 16 x 1"
    assert said["factors"].startswith("scale 2, 6 images of each value")
    assert said["mean"].startswith(f"{55 / 255:.4f} ")
    assert said["stored in"] == "memory"


def test_it_writes_pictures_and_numbers(calls, tmp_path, capsys):
    run("--dataset=dsprites", "--output=sheets")
    folder = tmp_path / "sheets"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["contact_sheet.png", "mean_image.png", "statistics.json"]
    numbers = json.loads((folder / "statistics.json").read_text())
    assert numbers["images_with_each_value"]["shade"] == [4] * 6
    assert len(numbers["sha256"]) == 64
    # From one shade to the next all pixels change, and all but black ones
    # are occupied.
    assert numbers["hamming_continuity"]["scale"] >= 1
    said = capsys.readouterr().out
    assert all(f"sheets/{name}" in said for name in names)


def test_the_folder_is_named_after_the_data(calls, tmp_path):
    run("--dataset=dsprites", "--subset=scale<=2")
    assert (tmp_path / "data_sheets/dsprites-scale-=2").is_dir()


def test_what_is_damaged_is_not_described(calls, monkeypatch, tmp_path):
    def verify(self):
        raise RunError("hash")

    monkeypatch.setattr(RowsDataset, "verify", verify)
    with pytest.raises(RunError, match="hash"):
        run("--dataset=dsprites", "--output=sheets")
    assert not list((tmp_path / "sheets").iterdir())


def test_list_names_every_data_set(calls, capsys):
    run("--dataset=list")
    said = capsys.readouterr().out.splitlines()
    assert "dsprites" in said and "    Stripes." in said
    assert not calls


def test_an_unknown_data_set_is_refused(calls):
    with pytest.raises(UsageError, match="nope.*dsprites"):
        run("--dataset=nope")


@pytest.mark.parametrize("argument", ["--dataset=cifar10", "--data_file=f"])
def test_only_whole_drawn_sets_go_to_tfds(calls, argument, tmp_path):
    with pytest.raises(UsageError, match="leave out"):
        run(f"--tfds_data_dir={tmp_path / 'new'}", argument)
    assert not (tmp_path / "new").exists()


def test_what_tfds_has_prepared_is_read_and_not_prepared(calls, tmp_path):
    version = tmp_path / "tfds" / "dsprites" / "2.0.0"
    version.mkdir(parents=True)
    (version / "dataset_info.json").write_text("{}")
    run("--dataset=dsprites", f"--tfds_data_dir={tmp_path / 'tfds'}")
    assert calls == [(None, str(tmp_path / "tfds"), None)]


def test_a_variant_of_dsprites_is_read_from_the_dsprites_of_tfds(
    monkeypatch, tmp_path
):
    asked = []

    def load(*, data_file=None, tfds_data_dir=None, data_dir=None):
        asked.append(tfds_data_dir)
        raise UsageError("loading")

    monkeypatch.setitem(DATASETS, "dsprites_color", load)
    version = tmp_path / "tfds" / "dsprites" / "2.0.0"
    version.mkdir(parents=True)
    (version / "dataset_info.json").write_text("{}")
    with pytest.raises(UsageError, match="loading"):
        run("--dataset=dsprites_color", f"--tfds_data_dir={tmp_path}/tfds")
    assert asked == [f"{tmp_path}/tfds"]


def test_a_set_that_tfds_does_not_have_says_what_it_takes(tmp_path):
    with pytest.raises(UsageError, match="room does not take --tfds_data_dir"):
        run("--dataset=room", f"--tfds_data_dir={tmp_path}")


def test_a_stray_argument_is_refused():
    with pytest.raises(UsageError, match="stray"):
        prepare_data.main(["prepare_data", "stray"])


def test_the_flags_can_be_asked_for_twice():
    data_flags.define_data_flags()
    assert flags.FLAGS["dataset"].default == "dsprites"
