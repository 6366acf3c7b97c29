"""An exporter that is killed, at any moment, publishes all or nothing."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from export_models import export_tiny_model

from tfdisent.export.native_session import NativeSession
from tfdisent.export.saved_model import export_model
from tfdisent.export.versions import new_version

DIES_BEFORE_ONE_FILE_OPERATION = """
import os, pathlib, signal, sys
from tfdisent.export.versions import new_version

base, dies_before = sys.argv[1], int(sys.argv[2])
operations = 0

def count(event, arguments):
    global operations
    if arguments and str(arguments[0]).startswith(base):
        operations += 1
        if operations == dies_before:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
with new_version(pathlib.Path(base)) as (temporary, _):
    for name in ("a", "b", "variables/c"):
        (temporary / name).parent.mkdir(exist_ok=True)
        (temporary / name).write_text("whole")
"""


def _versions(base):
    return sorted(path for path in base.iterdir() if path.name.isdecimal())


def test_killed_before_each_file_operation(tmp_path):
    left_over = published = 0
    for dies_before in range(1, 100):
        base = tmp_path / str(dies_before)
        process = subprocess.run(
            [sys.executable, "-c", DIES_BEFORE_ONE_FILE_OPERATION]
            + [base, str(dies_before)],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        base.mkdir(exist_ok=True)  # for those that died before
        left_over += bool(list(base.glob(".tmp-*/*")))
        for version in _versions(base):
            published += 1
            whole = {p.name: p.read_text() for p in version.rglob("[abc]")}
            assert whole == dict.fromkeys("abc", "whole")
        with new_version(base) as (temporary, _):
            (temporary / "file").write_text("next")
        assert not list(base.glob(".tmp-*"))
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
    # Of those that died some had begun, and the last had only to clean up.
    assert left_over > 5
    assert 1 < published < dies_before


def _start_writing(context, base):
    """A process that exports, when it has begun to write."""
    process = context.Process(target=export_tiny_model, args=(base,))
    process.start()
    while process.is_alive() and not list(base.glob(".tmp-*")):
        time.sleep(0.002)
    return process


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_kill_9_publishes_all_or_nothing(tiny_model, tmp_path, kills):
    # The server imports TensorFlow once; each process is a fresh fork of it.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "tensorflow_probability"])
    process, begun = _start_writing(context, tmp_path), time.monotonic()
    process.join()
    longest = 1.1 * (time.monotonic() - begun)
    rng, left_over = random.Random(0), 0
    for kill in range(kills):
        process = _start_writing(context, tmp_path)
        process.join(longest * (kill + rng.random()) / kills)
        process.kill()
        process.join()
        left_over += bool(list(tmp_path.glob(".tmp-*")))
        for version in _versions(tmp_path):
            NativeSession(version).close()
    assert left_over
    last = export_model(tiny_model, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {
        *(p.name for p in _versions(tmp_path)),
        ".lock",
    }
    NativeSession(last).close()
