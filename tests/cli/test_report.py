"""bin/report as a process."""

import json
import subprocess
import sys

# In one process, for each import of TensorFlow takes seconds.
SCRIPT = """
import json, sys
from absl import flags
from tfdisent.cli import report

for line in json.loads(sys.argv[1]):
    argv = flags.FLAGS(["bin/report", *line])
    try:
        report.main(argv)
    except (ValueError, RuntimeError) as error:
        print(type(error).__name__, error)
    for name in flags.FLAGS:
        flags.FLAGS[name].unparse()
"""


def test_a_report_is_written_whole_where_it_is_asked_for(tmp_path):
    run, study = tmp_path / "run", tmp_path / "study"
    for folder, model in ((run, "vae"), (study, "ground_truth_generator")):
        folder.mkdir()
        config = {"model": model, "subsets": []}
        (folder / "config.json").write_text(json.dumps(config))
    (tmp_path / "taken").mkdir()
    lines = [
        ["--workdir=run"],
        ["--workdir=run", "--output=new/r.html"],
        ["--workdir=run", "--output=taken"],
        ["--workdir=study"],
        ["--workdir=none"],
        [],
        ["run"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(lines)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    for words, line in zip(
        [
            "report    run/report.html",
            "report    new/r.html",
            "RunError taken cannot be written",
            "UsageError study is a run of ground_truth_generator",
            "RunError none is no run",
            "UsageError --workdir is missing",
            "UsageError run is not understood",
        ],
        said,
        strict=True,
    ):
        assert line.startswith(words)
    text = (run / "report.html").read_text()
    assert text == (tmp_path / "new/r.html").read_text()
    assert text.rstrip().endswith("</html>")
    assert "bin/train --model=vae" in text
    assert not list((tmp_path / "taken").iterdir())
