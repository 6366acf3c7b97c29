import errno
import os
import pathlib
import resource
import subprocess
import sys

import pytest

from tfdisent.errors import RunError
from tfdisent.export.saved_model import export_model
from tfdisent.export.versions import new_version


def _names(base):
    return sorted(path.name for path in base.iterdir())


@pytest.mark.parametrize(
    ("there", "version"),
    [
        ([], "1"),
        (["3", "best", ".tmp-9", "-4"], "4"),
        (["0012"], "13"),
        (["9" * 30], "1"),
        # As of programs that number versions by nanoseconds.
        (["1764000000000000000"], "1764000000000000001"),
    ],
)
def test_next_number_is_above_all_versions(tmp_path, there, version):
    for name in there:
        (tmp_path / name).mkdir()
    with new_version(tmp_path) as (temporary, published):
        (temporary / "file").write_text("whole")
        assert published.name == version
        assert not published.exists()
    assert (published / "file").read_text() == "whole"


def test_new_folders_above_it_are_on_disk_too(tmp_path, monkeypatch):
    synced, sync = [], os.fsync

    def note(descriptor):
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    base = tmp_path / "a" / "b" / "c"
    with new_version(base):
        assert {tmp_path, *list(base.parents)[:2]} == {
            *map(pathlib.Path, synced)
        }
    assert str(base) in synced


def test_failure_leaves_nothing(tmp_path):
    with (
        pytest.raises(KeyboardInterrupt),
        new_version(tmp_path) as (temporary, _),
    ):
        (temporary / "file").write_text("half")
        raise KeyboardInterrupt
    assert _names(tmp_path) == [".lock"]


def test_second_exporter_is_refused_and_the_first_goes_on(tmp_path):
    with new_version(tmp_path) as (temporary, version):
        with (
            pytest.raises(RunError, match="another process"),
            new_version(tmp_path),
        ):
            pass
        (temporary / "file").write_text("whole")
    assert _names(version) == ["file"]


def test_no_number_above_the_largest_that_servers_read(tmp_path):
    (tmp_path / str(2**63 - 1)).mkdir()
    with (
        pytest.raises(RunError, match="rename or remove"),
        new_version(tmp_path),
    ):
        pass


@pytest.mark.parametrize("make", ["folder", "file"])
def test_number_that_another_program_takes_meanwhile(tmp_path, make):
    with (
        pytest.raises(RunError, match="another program made.*/1 .*again"),
        new_version(tmp_path) as (temporary, version),
    ):
        (temporary / "file").write_text("ours")
        if make == "folder":
            version.mkdir()
        (version / "file" if make == "folder" else version).write_text("theirs")
    assert _names(tmp_path) == [".lock", "1"]
    theirs = version / "file" if make == "folder" else version
    assert theirs.read_text() == "theirs"


RACER = """
import pathlib, sys
from tfdisent.errors import RunError
from tfdisent.export.versions import new_version

for _ in range(60):
    try:
        with new_version(pathlib.Path(sys.argv[1])) as (temporary, version):
            (temporary / "file").write_text(version.name)
        print(version.name)
    except RunError as error:
        print(error)
"""


def test_racing_exporters_publish_each_number_once(tmp_path):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, tmp_path],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [
        line
        for racer in racers
        for line in racer.communicate(timeout=60)[0].splitlines()
    ]
    assert len(said) == 180
    published = sorted(int(text) for text in said if text.isdecimal())
    assert published == list(range(1, len(published) + 1))
    for number in published:
        assert (tmp_path / str(number) / "file").read_text() == str(number)
    busy = f"another process exports to {tmp_path}; try again when it ends."
    assert {text for text in said if not text.isdecimal()} == {busy}
    assert len(_names(tmp_path)) == len(published) + 1  # and .lock


def test_unusable_folder_is_one_clear_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(RunError, match="could not write an export"),
        new_version(tmp_path / "file"),
    ):
        pass


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("call", ["mkdir", "rename", "fsync"])
def test_disk_that_refuses_any_step(tmp_path, monkeypatch, call, code):
    (tmp_path / "1").mkdir()

    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, refuse)
    with (
        pytest.raises(RunError, match=os.strerror(code)) as caught,
        new_version(tmp_path) as (temporary, _),
    ):
        (temporary / "file").write_text("whole")
    assert "\n" not in str(caught.value)
    assert _names(tmp_path) == [".lock", "1"]


def test_full_disk_publishes_nothing(tiny_model, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(RunError, match="could not write"):
            export_model(tiny_model, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert _names(tmp_path) == [".lock"]
