import logging
import os

import numpy as np
import pytest

from tfdisent.data import array_cache
from tfdisent.errors import RunError

ARRAY = np.arange(200, dtype=np.uint8).reshape(20, 10)
SHA256 = array_cache.sha256_of(ARRAY)


class Maker:
    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return ARRAY.copy()


def load(path, make):
    return array_cache.cached_array(path, make, shape=(20, 10), sha256=SHA256)


def test_the_array_is_made_once_and_read_afterwards(tmp_path, caplog):
    make = Maker()
    path = tmp_path / "new" / "a.npy"
    for _ in range(3):
        array, in_file = load(path, make)
        np.testing.assert_array_equal(array, ARRAY)
        assert in_file
    assert make.calls == 1
    assert os.listdir(path.parent) == ["a.npy"]
    assert not caplog.records


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-1])


def empty(path):
    path.write_bytes(b"")


def alter_one_bit(path):
    content = bytearray(path.read_bytes())
    content[-50] ^= 1
    path.write_bytes(content)


def alter_the_header(path):
    path.write_bytes(b"x" + path.read_bytes()[1:])


def reshape(path):
    np.save(path, ARRAY.reshape(10, 20))


@pytest.mark.parametrize(
    "damage", [cut_short, empty, alter_one_bit, alter_the_header, reshape]
)
def test_a_damaged_file_is_named_and_replaced(tmp_path, caplog, damage):
    make = Maker()
    path = tmp_path / "a.npy"
    load(path, make)
    damage(path)
    array, in_file = load(path, make)
    np.testing.assert_array_equal(array, ARRAY)
    assert in_file and make.calls == 2
    assert "damaged" in caplog.text and str(path) in caplog.text
    np.testing.assert_array_equal(np.load(path), ARRAY)


def test_a_file_that_cannot_be_written_costs_a_warning(tmp_path, caplog):
    (tmp_path / "file").write_text("not a folder")
    array, in_file = load(tmp_path / "file" / "a.npy", Maker())
    np.testing.assert_array_equal(array, ARRAY)
    assert not in_file
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "--data_dir" in record.getMessage()


def test_a_full_disk_leaves_no_file(tmp_path, caplog, monkeypatch):
    def no_space(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    array, in_file = load(tmp_path / "a.npy", Maker())
    np.testing.assert_array_equal(array, ARRAY)
    assert not in_file
    assert "No space left" in caplog.text
    assert os.listdir(tmp_path) == []


def test_a_made_array_with_another_hash_is_refused(tmp_path):
    with pytest.raises(RunError, match="sha256"):
        load(tmp_path / "a.npy", lambda: ARRAY + 1)
    assert os.listdir(tmp_path) == []


def test_the_default_folder_follows_xdg(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert str(array_cache.default_data_dir()) == "/somewhere/tfdisent"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert str(array_cache.default_data_dir()) == "/home/me/.cache/tfdisent"
