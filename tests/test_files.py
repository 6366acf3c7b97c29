import fcntl
import signal
import subprocess
import sys

import pytest

from tfdisent.errors import RunError, UsageError
from tfdisent.files import check_utf8, locked, whole_file


def test_replaces_when_done(tmp_path):
    path = tmp_path / "new" / "file"
    for text in (b"first", b"second"):
        with whole_file(path) as file:
            file.write(text)
    assert path.read_bytes() == b"second"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_lock_keeps_a_second_one_out_until_it_is_given_back(tmp_path):
    with (
        locked(tmp_path, "first"),
        pytest.raises(RunError, match="busy"),
        locked(tmp_path, "busy"),
    ):
        raise AssertionError
    with locked(tmp_path, "again"):
        pass


def test_lock_in_no_directory_is_one_sentence(tmp_path):
    message = "cannot be written: No such file"
    with (
        pytest.raises(RunError, match=message),
        locked(tmp_path / "missing", "busy"),
    ):
        raise AssertionError


DIES = """
import os, pathlib, signal, sys
from tfdisent.files import whole_file

with whole_file(pathlib.Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_process_leaves_is_removed_by_the_next(tmp_path):
    for name in ("a[1].npy", "b"):
        result = subprocess.run(
            [sys.executable, "-c", DIES, tmp_path / name], check=False
        )
        assert result.returncode == -signal.SIGKILL
    assert len(names(tmp_path)) == 2
    with whole_file(tmp_path / "a[1].npy") as file:
        file.write(b"whole")
    of_b, a = names(tmp_path)
    assert of_b.startswith(".b.") and a == "a[1].npy"


def test_what_is_being_written_is_left_alone(tmp_path):
    path = tmp_path / "file"
    with whole_file(path) as first:
        with whole_file(path) as second:
            second.write(b"second")
        assert path.read_bytes() == b"second"
        first.write(b"first")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["file"]


def test_a_file_that_is_removed_before_its_lock_is_made_anew(
    tmp_path, monkeypatch
):
    flock, removed = fcntl.flock, []

    def slow(file, operation):
        if not removed:
            (left,) = tmp_path.iterdir()
            left.unlink()
            removed.append(left)
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", slow)
    with whole_file(tmp_path / "file") as file:
        file.write(b"content")
    assert removed and (tmp_path / "file").read_bytes() == b"content"


def test_a_name_that_cannot_be_printed_is_refused():
    check_utf8("/a/\u00e4")
    with pytest.raises(UsageError, match="is not UTF-8; rename it") as error:
        check_utf8("/a/b\udcff")
    assert str(error.value).encode().startswith(b"/a/b\\udcff has")
