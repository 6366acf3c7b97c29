import pytest

from tfdisent.errors import RunError
from tfdisent.files import locked, whole_file


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
