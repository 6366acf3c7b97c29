"""bin/watch as a process: in a pipe, and in a terminal until Ctrl-C."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "tfdisent.cli.watch"]


def make_run(folder, step):
    folder.mkdir()
    config = {"model": "vae", "dataset": "squares", "seed": 0, "steps": 100}
    (folder / "config.json").write_text(json.dumps(config))
    record = {"step": step, "seconds": 1.0, "vae_loss": 5.0}
    record |= {"images_per_second": 9.0, "device": "an abacus"}
    (folder / "log.jsonl").write_text(json.dumps(record) + "\n")


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["--workdir=run"], 0, "50 of 100 steps"),
        (["--runs=ru*"], 0, "50 of 100 steps"),
        (["--workdir=later"], 0, "There is no run in later yet"),
        (["--runs=no*"], 2, "--runs=no* finds no run"),
        ([], 2, "Give one of --workdir and --runs"),
        (["run"], 2, "run is not understood"),
    ],
)
def test_in_a_pipe_it_says_what_is_there_and_ends(
    tmp_path, arguments, code, words
):
    make_run(tmp_path / "run", 50)
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert words in (done.stderr if code else done.stdout)
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        "config.json",
        "log.jsonl",
    ]


def test_in_a_terminal_it_follows_until_somebody_has_seen_enough(tmp_path):
    make_run(tmp_path / "run", 50)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--workdir=run"],
        cwd=tmp_path,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "90", "LINES": "30"},
    )
    os.close(theirs)
    try:
        look(process, ours, tmp_path / "run" / "log.jsonl")
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def look(process, ours, log):
    read_until(ours, "50 of 100 steps")
    record = json.loads(log.read_text())
    log.write_text(json.dumps(record | {"step": 75}) + "\n")
    read_until(ours, "75 of 100 steps")
    process.send_signal(signal.SIGINT)
    rest = read_until(ours, None)
    assert process.wait(20) == 0
    assert "\x1b[?1049l" in rest  # The screen is as it was before,
    assert "\x1b[?25h" in rest  # with its cursor,
    assert "75 of 100 steps" in rest.rpartition("\x1b[?1049l")[2]
    assert "Traceback" not in rest


def read_until(terminal, words):
    """What a terminal gets up to some words, or to its end."""
    text, end = "", time.monotonic() + 30
    while words is None or words not in text:
        wait = max(0, end - time.monotonic())
        assert select.select([terminal], [], [], wait)[0], text
        try:
            part = os.read(terminal, 4096)
        except OSError:  # The other side is closed.
            break
        if not part:
            break
        text += part.decode(errors="replace")
    return text
