"""What each command says to --help, and to folders that are no runs."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tfdisent.training.config import ExperimentConfig

HELP = {
    "evaluate": "--metrics",
    "traverse": "--figures",
    "export": "--workdir",
    "prepare_data": "--tfds_data_dir",
    "study": "--seeds",
    "watch": "--runs",
    "report": "--output",
}
OF_A_RUN = ("evaluate", "traverse", "export")
LINES = [[name, "--help"] for name in HELP]
LINES += [[name, "--workdir=empty"] for name in OF_A_RUN]
LINES += [[name, "--workdir=instrument"] for name in OF_A_RUN]
LINES += [["traverse", "--workdir=file"]]
# Each in a fork of one process, for TensorFlow takes seconds to start.
SCRIPT = """
import json, os, runpy, sys
import tfdisent.evaluation.draw, tfdisent.evaluation.evaluate
import tfdisent.export.saved_model, tfdisent.studies

for k, (name, *arguments) in enumerate(json.loads(sys.argv[1])):
    child = os.fork()
    if not child:
        for number, kind in ((1, "out"), (2, "err")):
            file = os.open(f"{k}.{kind}", os.O_WRONLY | os.O_CREAT)
            os.dup2(file, number)
        sys.argv = [name, *arguments]
        try:
            runpy.run_module(f"tfdisent.cli.{name}", run_name="__main__")
        except SystemExit as end:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code or 0)  # To tidy up would take seconds.
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Exit code, output and errors by line."""
    folder = tmp_path_factory.mktemp("commands")
    (folder / "file").write_text("")
    for name in ("empty", "instrument"):
        (folder / name).mkdir()
    config = ExperimentConfig(model="ground_truth_generator")
    config.save(folder / "instrument" / "config.json")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(LINES)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    codes = map(int, done.stdout.split())
    return {
        tuple(line): (
            code,
            (folder / f"{k}.out").read_text(),
            (folder / f"{k}.err").read_text(),
        )
        for k, (line, code) in enumerate(zip(LINES, codes, strict=True))
    }


def environment():
    root = str(pathlib.Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": root, "CUDA_VISIBLE_DEVICES": "-1"}


@pytest.mark.parametrize("name", HELP)
def test_every_command_has_help(said, name):
    code, out, _ = said[name, "--help"]
    assert code == 0
    assert f"bin/{name}" in out and HELP[name] in out


@pytest.mark.parametrize("name", OF_A_RUN)
def test_workdir_that_is_no_run_is_one_sentence(said, name):
    code, _, err = said[name, "--workdir=empty"]
    assert code == 1
    (line,) = err.strip().splitlines()
    assert line.startswith("error: ") and "has no config.json" in line


@pytest.mark.parametrize("name", OF_A_RUN)
def test_run_of_an_instrument_is_refused_in_one_sentence(said, name):
    code, _, err = said[name, "--workdir=instrument"]
    assert code == 2
    (line,) = err.strip().splitlines()
    assert line.startswith("error: ") and "belongs to a study" in line


def test_workdir_that_is_a_file_is_one_sentence(said):
    code, _, err = said["traverse", "--workdir=file"]
    assert code == 1
    (line,) = err.strip().splitlines()
    assert "cannot be read: Not a directory" in line
