import multiprocessing
import resource
import time

import pytest
from export_models import export_tiny_model

from tfdisent.errors import RunError
from tfdisent.export.native_run import run_native
from tfdisent.export.saved_model import export_model
from tfdisent.export.versions import new_version

FILES = {
    "fingerprint.pb",
    "saved_model.pb",
    "variables/variables.data-00000-of-00001",
    "variables/variables.index",
}


def _names(base):
    return sorted(path.name for path in base.iterdir())


@pytest.mark.parametrize(
    ("there", "version"),
    [
        ([], "1"),
        (["3", "best", ".tmp-9", "-4"], "4"),
        (["0012"], "13"),
        (["9" * 30], "1"),
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


def test_unusable_folder_is_one_clear_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(RunError, match="could not write an export"),
        new_version(tmp_path / "file"),
    ):
        pass


def test_full_disk_publishes_nothing(tiny_model, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(RunError, match="could not write"):
            export_model(tiny_model, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert _names(tmp_path) == [".lock"]


def _kill_exporter(context, base, seconds):
    """Kills an exporting process so long after it started to write."""
    process = context.Process(target=export_tiny_model, args=(base,))
    process.start()
    while process.is_alive() and not list(base.glob(".tmp-*/*")):
        time.sleep(0.002)
    time.sleep(seconds)
    process.kill()
    process.join()


def test_kill_9_publishes_all_or_nothing(tiny_model, tmp_path):
    # The server imports TensorFlow once; each process is a fresh fork of it.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "tensorflow_probability"])
    left_over = 0
    for seconds in (0.0, 0.1, 0.4, 0.8):
        _kill_exporter(context, tmp_path, seconds)
        left_over += bool(list(tmp_path.glob(".tmp-*")))
        for version in tmp_path.glob("[0-9]*"):
            files = {
                str(path.relative_to(version))
                for path in version.rglob("*")
                if path.is_file()
            }
            assert files == FILES
    assert left_over
    export_model(tiny_model, tmp_path)
    assert not list(tmp_path.glob(".tmp-*"))
    for version in tmp_path.glob("[0-9]*"):
        assert run_native(version, []) == []
