import os

import pytest

from tfdisent.data.source_identity import identity_of, listing_of


@pytest.fixture
def folder(tmp_path):
    for name in ("a.txt", "sub/b.txt"):
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")
        os.utime(path, ns=(5, 5))
    return tmp_path / "folder"


def later(path):
    os.utime(path, ns=(6, 6))


def longer(path):
    path.write_text("longer content")
    os.utime(path, ns=(5, 5))


@pytest.mark.parametrize("change", [later, longer, os.remove])
@pytest.mark.parametrize("whole", [True, False])
def test_it_changes_with_a_file(folder, change, whole):
    path = folder if whole else folder / "sub/b.txt"
    before = identity_of(path)
    assert identity_of(path) == before
    change(folder / "sub/b.txt")
    assert identity_of(path) != before


def test_it_changes_with_the_path(folder):
    before = identity_of(folder)
    moved = folder.rename(folder.with_name("moved"))
    assert identity_of(moved) != before


def test_a_link_to_nothing_does_no_harm(folder):
    before = identity_of(folder)
    (folder / "link").symlink_to("/nowhere")
    assert identity_of(folder) == before
    assert identity_of(folder / "link")[1:] == ["not there"]


def test_a_name_that_is_no_text_does_no_harm(folder):
    before = listing_of(folder, ["a.txt"])
    assert listing_of(folder, ["a.txt", "b\udcff"]) != before
