import errno
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from tfdisent.data.kept_rows import kept_rows
from tfdisent.errors import RunError

IMAGES = (
    np.random.default_rng(0).integers(0, 256, (50, 4, 5, 3)).astype(np.uint8)
)
FACTORS = np.stack([np.arange(50) // 10, np.arange(50) % 10], axis=-1)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(b"published")
    return path


def blocks():
    for start in range(0, 50, 20):
        yield IMAGES[start : start + 20], FACTORS[start : start + 20]


def keep(source, data_dir, blocks=blocks, **changes):
    arguments = {"num_images": 50, "image_shape": (4, 5, 3)} | changes
    return kept_rows("some", [source], blocks, data_dir=data_dir, **arguments)


def not_again():
    raise AssertionError("It was unpacked again.")
    yield


def folders(data_dir):
    return sorted(path.name for path in data_dir.iterdir())


def test_images_and_factors_are_kept_in_their_order(source, tmp_path):
    rows, factors = keep(source, tmp_path / "data")
    np.testing.assert_array_equal(rows[np.arange(50)], IMAGES)
    np.testing.assert_array_equal(factors, FACTORS)
    np.testing.assert_array_equal(np.load(rows.path), IMAGES)


def test_they_are_unpacked_once(source, tmp_path):
    keep(source, tmp_path)
    rows, factors = keep(source, tmp_path, not_again)
    np.testing.assert_array_equal(rows[np.arange(50)], IMAGES)
    np.testing.assert_array_equal(factors, FACTORS)


def test_what_they_are_is_noted(source, tmp_path):
    rows, _ = keep(source, tmp_path, settings={"image_size": 4})
    noted = rows.about
    assert noted["name"] == "some" and noted["images"] == 50
    assert noted["settings"] == {"image_size": 4}
    assert noted["sources"][0][0] == str(source)
    assert noted["left_out"] == 0
    assert noted["sha256"] == hashlib.sha256(IMAGES).hexdigest()


def test_there_may_be_fewer_images_than_announced(source, tmp_path):
    rows, factors = keep(source, tmp_path, num_images=1_000_000)
    assert rows.shape == (50, 4, 5, 3) and len(factors) == 50
    assert rows.about["left_out"] == 999_950
    np.testing.assert_array_equal(np.load(rows.path), IMAGES)


def test_images_may_come_without_factors(source, tmp_path):
    def bare():
        for images, factors in blocks():
            yield images, factors[:, :0]

    _, factors = keep(source, tmp_path, bare)
    assert factors.shape == (50, 0)


def test_numbers_of_numpy_are_as_good_as_others(source, tmp_path):
    shape = tuple(np.array([4, 5, 3]))
    settings = {"image_size": np.int64(4)}
    keep(source, tmp_path, image_shape=shape, settings=settings)
    rows, _ = keep(source, tmp_path, not_again, settings={"image_size": 4})
    assert rows.about["settings"] == {"image_size": 4}


def test_images_of_another_shape_are_refused(source, tmp_path):
    def turned():
        yield IMAGES[:20], FACTORS[:20]
        yield IMAGES[20:].transpose(0, 2, 1, 3), FACTORS[20:]

    with pytest.raises(RunError, match=r"\(5, 4, 3\) where all .*\(4, 5, 3\);"):
        keep(source, tmp_path / "data", turned)
    assert folders(tmp_path / "data") == []


def changed_content(source):
    source.write_bytes(b"published anew")


def changed_time(source):
    os.utime(source, ns=(1, 1))


@pytest.mark.parametrize("change", [changed_content, changed_time])
def test_a_changed_source_is_unpacked_anew(source, tmp_path, change):
    def others():
        yield 255 - IMAGES, FACTORS

    first, _ = keep(source, tmp_path)
    change(source)
    second, _ = keep(source, tmp_path, others)
    np.testing.assert_array_equal(second[[7]], 255 - IMAGES[[7]])
    np.testing.assert_array_equal(first[[7]], IMAGES[[7]])


def test_other_settings_are_kept_beside(source, tmp_path):
    def others():
        yield 255 - IMAGES, FACTORS

    keep(source, tmp_path)
    rows, _ = keep(source, tmp_path, others, settings={"crop": 3})
    np.testing.assert_array_equal(rows[[7]], 255 - IMAGES[[7]])
    keep(source, tmp_path, not_again)


def cut_images(folder):
    path = folder / "images.npy"
    os.truncate(path, path.stat().st_size - 1)


def empty_images(folder):
    (folder / "images.npy").write_bytes(b"")


def no_images(folder):
    (folder / "images.npy").unlink()


def other_header(folder):
    path = folder / "images.npy"
    path.write_bytes(b"x" + path.read_bytes()[1:])


def cut_factors(folder):
    path = folder / "factors.npy"
    os.truncate(path, path.stat().st_size - 1)


def fewer_factors(folder):
    np.save(folder / "factors.npy", FACTORS[:-1])


def no_note(folder):
    (folder / "about.json").unlink()


def empty_note(folder):
    (folder / "about.json").write_text("{}")


def other_note(folder):
    (folder / "about.json").write_text("7")


@pytest.mark.parametrize(
    "damage",
    [
        no_note,
        empty_note,
        other_note,
        cut_images,
        empty_images,
        no_images,
        other_header,
        cut_factors,
        fewer_factors,
    ],
)
def test_damage_is_named_and_mended_by_deleting(source, tmp_path, damage):
    rows, _ = keep(source, tmp_path / "data")
    damage(rows.path.parent)
    with pytest.raises(RunError, match="delete (the folder|it), and") as raised:
        keep(source, tmp_path / "data", not_again)
    assert str(rows.path.parent) in str(raised.value)
    shutil.rmtree(rows.path.parent)
    rows, _ = keep(source, tmp_path / "data")
    np.testing.assert_array_equal(rows[[49]], IMAGES[[49]])


def test_one_altered_bit_is_found_by_verifying(source, tmp_path):
    rows, _ = keep(source, tmp_path)
    rows.verify()
    content = bytearray(rows.path.read_bytes())
    content[-50] ^= 1
    rows.path.write_bytes(content)
    rows, _ = keep(source, tmp_path)
    with pytest.raises(RunError, match="damaged"):
        rows.verify()


def test_what_the_blocks_raise_goes_through_and_nothing_stays(source, tmp_path):
    def broken():
        yield IMAGES[:20], FACTORS[:20]
        raise RunError("The archive is cut short.")

    with pytest.raises(RunError, match="archive is cut short"):
        keep(source, tmp_path / "data", broken)
    assert folders(tmp_path / "data") == []


def test_no_images_at_all_are_an_error(source, tmp_path):
    with pytest.raises(RunError, match="no image"):
        keep(source, tmp_path / "data", lambda: iter(()))
    assert folders(tmp_path / "data") == []


def test_too_small_a_disk_is_seen_before_unpacking(
    source, tmp_path, monkeypatch
):
    free = shutil.disk_usage(tmp_path)._replace(free=50 * 60 - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: free)
    with pytest.raises(RunError, match="--data_dir"):
        keep(source, tmp_path / "data", not_again)
    assert folders(tmp_path / "data") == []
    roomy = free._replace(free=50 * 60)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: roomy)
    keep(source, tmp_path / "data")


def test_a_disk_that_fills_up_leaves_nothing(source, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"No space left .*--data_dir"):
        keep(source, tmp_path / "data")
    assert folders(tmp_path / "data") == []


@pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="no device that is always full"
)
def test_a_write_that_fails_leaves_nothing(source, tmp_path, monkeypatch):
    real = pathlib.Path.open

    def on_full_disk(path, mode="r", *arguments, **options):
        if path.name == "images.npy" and "w" in mode:
            path = pathlib.Path("/dev/full")
        return real(path, mode, *arguments, **options)

    monkeypatch.setattr(pathlib.Path, "open", on_full_disk)
    with pytest.raises(RunError, match=r"No space left .*--data_dir"):
        keep(source, tmp_path / "data")
    assert folders(tmp_path / "data") == []


def test_a_data_dir_that_cannot_be_made_is_named(source):
    with pytest.raises(RunError, match="--data_dir"):
        keep(source, source / "data")


# Unpacks slowly; writes a file named "half" when half of it is written.
UNPACKER = textwrap.dedent("""
    import pathlib, sys, time
    import numpy as np
    from tfdisent.data.kept_rows import kept_rows

    source, data_dir, half = map(pathlib.Path, sys.argv[1:])

    def blocks():
        for i in range(50):
            if i == 25:
                half.touch()
                while half.exists():
                    time.sleep(0.005)
            yield np.full((1, 4, 5, 3), i, np.uint8), np.array([[i]])

    rows, _ = kept_rows(
        "some", [source], blocks, num_images=50, image_shape=(4, 5, 3),
        data_dir=data_dir,
    )
    print(rows[np.arange(50)][:, 0, 0, 0].tolist())
""")


@pytest.fixture
def start(source, tmp_path):
    """Starts processes that unpack, and wait while their file half is there."""
    started = []

    def started_one(name):
        half = tmp_path / name
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                UNPACKER,
                str(source),
                str(tmp_path / "data"),
                str(half),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, half

    yield started_one
    for process in started:
        process.kill()
        process.communicate()


def wait_for(path, process):
    end = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.005)


def test_what_a_killed_process_leaves_is_removed_by_the_next(
    source, tmp_path, start
):
    data = tmp_path / "data"
    process, half = start("half")
    wait_for(half, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (left,) = folders(data)
    assert left.startswith(".some_")
    rows, _ = keep(source, data)
    np.testing.assert_array_equal(rows[np.arange(50)], IMAGES)
    assert folders(data) == [rows.path.parent.name]


def test_what_a_living_process_writes_is_left_alone(source, tmp_path, start):
    data = tmp_path / "data"
    process, half = start("half")
    wait_for(half, process)
    rows, _ = keep(source, data, settings={"other": 1})
    assert len(folders(data)) == 2
    half.unlink()
    text, _ = process.communicate(timeout=30)
    assert json.loads(text) == list(range(50))
    assert len([name for name in folders(data) if name[0] != "."]) == 2


def test_two_processes_may_unpack_the_same_at_once(tmp_path, start):
    processes = [start("half1"), start("half2")]
    for process, half in processes:
        wait_for(half, process)
    for _, half in processes:
        half.unlink()
    for process, _ in processes:
        text, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert json.loads(text) == list(range(50))
    (folder,) = folders(tmp_path / "data")
    assert folder.startswith("some_")


def test_an_interrupted_process_leaves_nothing(source, tmp_path):
    def interrupted():
        yield IMAGES[:20], FACTORS[:20]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep(source, tmp_path / "data", interrupted)
    assert folders(tmp_path / "data") == []
