"""What bin/study says; tests/studies has what it does."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tfdisent.studies import STUDIES

ROOT = pathlib.Path(__file__).parents[2]
BAD = {
    "": "0 studies were named; name one of factor_capacity",
    "figure_3": "'figure_3'; it must be one of factor_capacity",
    "factor_capacity figure_3": "2 studies were named",
    "factor_capacity --seeds=4-0": "--seeds=4-0 is not possible",
    "factor_capacity --steps=many": "many",
    "factor_capacity --dataset=mnist": "mnist",
    "factor_capacity --gamma=3": "Unknown command line flag 'gamma'",
}
# In a process of its own, for other commands have flags of the same names.
SCRIPT = """
import contextlib, io, json, sys
from absl import flags
from tfdisent.cli import main, study

for line in json.loads(sys.argv[1]):
    flags.FLAGS.unparse_flags()
    sys.argv = ["bin/study", *line.split()]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main.run(study.main, study.help_text)
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
    for name in ("seeds", "steps", "dataset"):
        flags.FLAGS[name].unparse()
"""


@pytest.fixture(scope="module")
def said():
    """Exit code, stdout and stderr by command line."""
    lines = ["--help", *BAD]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(lines)],
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    answers = map(json.loads, done.stdout.splitlines())
    return dict(zip(lines, answers, strict=True))


def test_help_names_the_studies_and_the_flags(said):
    code, stdout, _ = said["--help"]
    assert code == 0
    assert "bin/study factor_capacity" in stdout
    for name in (*STUDIES, "--workdir", "--seeds", "--steps", "--data_dir"):
        assert name in stdout
    assert all(len(line) < 80 for line in stdout.splitlines())


@pytest.mark.parametrize("line", BAD)
def test_bad_input_is_one_sentence(said, line):
    code, stdout, stderr = said[line]
    assert code == 2 and not stdout
    last = stderr.strip().splitlines()[-1]
    assert last.startswith("error: ") and BAD[line] in last
    assert "Traceback" not in stderr
