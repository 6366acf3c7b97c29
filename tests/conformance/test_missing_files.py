"""Every entry of DATASETS says what to give in place of a missing file."""

import pytest
from stored_files import CASES, load_arguments

from tfdisent.data import STORED
from tfdisent.data.load import load_dataset, options_of
from tfdisent.errors import UsageError

PATHS = {"path", "data_file", "tfds_data_dir", "background_file"}


@pytest.mark.parametrize(
    ("case", "option"),
    [
        (case, option)
        for case in CASES
        for option in options_of(case.partition(" ")[0])
        if option in PATHS
    ],
)
def test_a_path_that_does_not_exist_is_refused(case, option, tmp_path):
    with load_arguments(case, tmp_path) as given:
        if option == "path":
            given["name"] = "folder:/nowhere"
        else:
            given = {k: v for k, v in given.items() if k != "data_file"}
            given[option] = "/nowhere"
        with pytest.raises(UsageError, match=r"/nowhere.* (give|leave|use) "):
            load_dataset(data_dir=str(tmp_path / "kept"), **given)
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("name", STORED)
def test_without_a_file_it_says_what_to_give(name):
    with pytest.raises(
        UsageError, match=r"give (the |\S*[./=]\S+ )|folder:PATH"
    ):
        load_dataset(name)
