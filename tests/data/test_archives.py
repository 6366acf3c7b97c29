import hashlib
import io
import tarfile
import zipfile

import numpy as np
import pytest
from archive_files import write_members

from tfdisent.data.archives import given_path, open_members, origin
from tfdisent.data.kept_rows import kept_rows
from tfdisent.errors import RunError, UsageError

FILES = {"a/2.txt": b"two", "a/b/1.txt": b"one" * 1000, "0.txt": b""}
FORMS = ["all.zip", "all.tar", "all.tar.gz", "folder"]


@pytest.mark.parametrize("form", FORMS)
def test_reads_the_same_from_all_forms_under_any_name(tmp_path, form):
    path = write_members(tmp_path / form, FILES)
    path = path.rename(tmp_path / "renamed")
    with open_members(path) as members:
        assert {name: read() for name, read in members.items()} == FILES
        assert members["a/2.txt"]() == b"two"
        if form != "folder":
            assert list(members) == list(FILES)
        else:
            assert list(members) == sorted(FILES)


@pytest.mark.parametrize("form", FORMS[:3])
@pytest.mark.parametrize("part", [0.01, 0.3, 0.8])
def test_tells_of_an_archive_that_is_cut_short(tmp_path, form, part):
    rng = np.random.default_rng(0)
    files = {f"{i}.bin": rng.bytes(20_000) for i in range(5)}
    path = write_members(tmp_path / form, files)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with (
        pytest.raises(RunError, match=rf"^[^\n]*{form} is damaged[^\n]*\.$"),
        open_members(path) as members,
    ):
        for read in members.values():
            read()


def test_tells_of_what_is_no_archive(tmp_path):
    path = tmp_path / "page.zip"
    path.write_text("<html>Too many downloads</html>")
    with (
        pytest.raises(RunError, match=r"nor a tar \(31 bytes: [^\n]*\); fetch"),
        open_members(path),
    ):
        pass


def test_names_a_member_that_is_damaged(tmp_path):
    path = write_members(tmp_path / "all.zip", FILES)
    content = bytearray(path.read_bytes())
    content[content.index(b"oneone") + 10] ^= 1
    path.write_bytes(content)
    with open_members(path) as members:
        assert members["a/2.txt"]() == b"two"
        with pytest.raises(RunError, match=r"a/b/1.txt in it .*CRC"):
            members["a/b/1.txt"]()


def damaged_lzma_zip(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"a" * 5000)
    content = bytearray(path.read_bytes())
    # A header of 30 bytes, 1 of the name, 4 of the version; then properties.
    content[35] = 255
    path.write_bytes(content)


def damaged_xz_tar(path):
    with tarfile.open(path, "w:xz") as archive:
        info = tarfile.TarInfo("a")
        info.size = 100_000
        content = np.random.default_rng(0).bytes(info.size)
        archive.addfile(info, io.BytesIO(content))
    content = bytearray(path.read_bytes())
    content[50_000:50_100] = bytes(100)
    path.write_bytes(content)


@pytest.mark.parametrize("write", [damaged_lzma_zip, damaged_xz_tar])
def test_tells_of_damaged_lzma(tmp_path, write):
    path = tmp_path / "archive"
    write(path)
    with (
        pytest.raises(RunError, match="archive is damaged"),
        open_members(path) as members,
    ):
        for read in members.values():
            read()


def test_names_a_member_that_is_encrypted(tmp_path):
    path = write_members(tmp_path / "all.zip", FILES)
    with zipfile.ZipFile(path) as archive:
        place = archive.start_dir + 8
    content = bytearray(path.read_bytes())
    content[place] |= 1
    path.write_bytes(content)
    with (
        open_members(path) as members,
        pytest.raises(RunError, match="a/2.txt in it cannot be read"),
    ):
        members["a/2.txt"]()


def test_says_what_to_give():
    with pytest.raises(UsageError, match="^No --data_file is given; give x.$"):
        given_path(None, "give x")
    with pytest.raises(UsageError, match="^--data_file=/no does not.*give x.$"):
        given_path("/no", "give x")
    with pytest.raises(UsageError, match="^--data_file=.*nnn does not exist;"):
        given_path("n" * 300, "give x")
    with pytest.raises(UsageError, match="not UTF-8; rename it"):
        given_path("/no\udcff", "give x")


def rows_of(path, tmp_path):
    block = np.zeros((1, 2, 2, 1), np.uint8), np.zeros((1, 0), np.int64)
    rows, _ = kept_rows(
        "toy",
        [path],
        lambda: [block],
        num_images=1,
        image_shape=(2, 2, 1),
        data_dir=tmp_path / "kept",
    )
    return rows


def test_calls_only_a_file_of_known_hash_the_original(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(b"content")
    md5 = hashlib.md5(b"content").hexdigest()
    sha256 = hashlib.sha256(b"content").hexdigest()
    assert origin(path, rows_of(path, tmp_path), [md5]) == (
        f"original data.bin (md5 {md5[:8]})"
    )
    path.write_bytes(b"content, changed")
    assert "unknown hash" in origin(path, rows_of(path, tmp_path), [md5])
    other = tmp_path / "other.bin"
    other.write_bytes(b"content")
    assert origin(other, rows_of(other, tmp_path)) == (
        f"file of unknown hash other.bin (sha256 {sha256[:8]})"
    )
    images = hashlib.sha256(bytes(4)).hexdigest()
    assert origin(tmp_path, rows_of(tmp_path, tmp_path)) == (
        f"unpacked from the folder {tmp_path.name} (sha256 {images[:8]} of the "
        "images)"
    )


def test_hashes_a_file_once(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(b"content")
    rows = rows_of(path, tmp_path)
    first = origin(path, rows)
    path.write_bytes(b"changed since the rows were opened")
    assert origin(path, rows) == first
