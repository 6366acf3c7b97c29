import pytest

from tfdisent.files import whole_file


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
