"""What bin/serve says to its flags; tests/serving has the server's life."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from served.servers import ROOT, running

# Runs each command line in a fork, since the imports take a second.
FORKS = """
import json, os, sys, tempfile
from tfdisent.cli import main, serve
said = []
for arguments in json.loads(sys.argv[1]):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
            sys.argv = ["serve", *arguments]
            try:
                main.run(serve.main, serve.help_text)
            except SystemExit as end:
                sys.stdout.flush(), sys.stderr.flush()
                os._exit(end.code or 0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = [os.pread(file.fileno(), 10**6, 0) for file in (out, err)]
        said.append([code, *(text.decode() for text in texts)])
print(json.dumps([said, "tensorflow" in sys.modules]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, exported):
    """Runs: one with an export, one without, and damaged ones."""
    folder = tmp_path_factory.mktemp("serve")
    configs = dict(run='{"model": "tiny"}', new='{"model": "tiny"}')
    configs |= dict(torn='{"mod', list="[]", number='{"model": 3}')
    configs |= dict(odd='{"model": "a/b"}')
    for name, text in configs.items():
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(text)
    for name in ("run", "odd"):
        (folder / name / "export").mkdir()
    (folder / "run" / "export" / "1").symlink_to(exported)
    (folder / "token").write_text("x" * 20)
    (folder / "models.config").write_text("model_config_list { config {} }")
    return folder


RUN = "--workdir=run"
FAULTS = {
    (): (2, "give one of --workdir, --model_base_path, --model_config_file,"),
    (RUN, "--model_base_path=b"): (2, "not --workdir and --model_base_path."),
    (RUN, "extra"): (2, "extra is not understood; write --flag=value."),
    (RUN, "--prot=1"): (2, "Unknown command line flag 'prot'"),
    (RUN, "--port=65536"): (2, "--port=65536: 65536 is not an integer"),
    (RUN, "--tensorflow_session_parallelism=1"): (2, "Unknown command line"),
    ("--workdir=nowhere",): (2, "nowhere is no folder of a run: it has no"),
    ("--workdir=new",): (1, "new has no export yet; make one with bin/export"),
    ("--workdir=torn",): (1, "torn/config.json is damaged: it names no model"),
    ("--workdir=list",): (1, "list/config.json is damaged: it names no model"),
    ("--workdir=number",): (1, "number/config.json is damaged: it names no"),
    ("--workdir=odd",): (2, "name must be 1 to 128 letters"),
    ("--model_base_path=gs://b/m",): (2, "is a URI"),
    ("--model_base_path=nowhere",): (2, "nowhere is no folder"),
    ("--model_config_file=models.config",): (2, "model config models.config"),
    ("--model_config_file=models.config", "--model_name=m"): (2, "names its"),
    ("--model_config_file=none",): (2, "none cannot be read: No such file"),
    (RUN, "--port=7", "--rest_api_port=7"): (2, "are both 7; they must differ"),
    (RUN, "--port=0", "--rest_api_port=0"): (2, "are both 0: nobody could ask"),
    (RUN, "--enable_model_reload"): (2, "say which with --model_roots"),
    (RUN, "--ssl_config_file=token"): (2, "token is no SSLConfig in text form"),
    (RUN, "--token_file=models"): (2, "token_file models cannot be read"),
    (RUN, "--batching_parameters_file=token"): (2, "token, line 1"),
    (RUN, "--noenable_batching", "--batching_parameters_file=token"): (
        *(2, "--enable_batching is false"),
    ),
    (RUN, "--monitoring_config_file=token"): (2, "token, line 1"),
    (RUN, "--host=nowhere.invalid"): (1, "the host nowhere.invalid is unknown"),
    (RUN, "--model_roots=new"): (2, "'tiny' must lie in one of the folders"),
}


@pytest.fixture(scope="module")
def said(folder):
    """Exit code, output and errors by arguments; and if TensorFlow came."""
    asked = [*FAULTS, ("--help",), ("--differences",)]
    out = subprocess.run(
        [sys.executable, "-P", "-c", FORKS, json.dumps(asked)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    answers, has_tensorflow = json.loads(out)
    assert not has_tensorflow
    return dict(zip(asked, answers, strict=True))


@pytest.mark.parametrize("arguments", FAULTS, ids=" ".join)
def test_a_fault_is_told_in_one_sentence(said, arguments):
    code, out, err = said[arguments]
    expected_code, text = FAULTS[arguments]
    assert (code, out) == (expected_code, "")
    *logged, last = err.splitlines()
    assert last.startswith("error: ") and text in last
    assert not logged or arguments == (RUN, "--model_roots=new")


def test_help_names_the_flags(said):
    code, out, _ = said["--help",]
    assert code == 0 and "bin/serve --workdir=" in out
    named = set(re.findall(r"^  --(\w+)", out, re.MULTILINE))
    assert {"workdir", "port", "token_file", "differences"} <= named
    assert len(named) > 30


def test_the_differences_are_listed(said):
    code, out, _ = said["--differences",]
    assert code == 0 and "SIGTERM\n  theirs " in out


def test_a_run_is_served_under_its_models_name(folder):
    token = folder / "token"
    with running(RUN, f"--token_file={token}", cwd=folder) as server:
        lines = server.printed.splitlines()
        assert lines[0] == "model     tiny, version 1"
        assert lines[1] == f"REST      {server.rest}/v1/models/tiny"
        assert lines[2] == f"page      {server.rest}/"
        assert lines[-1] == "end it    with Ctrl-C"
        assert lines[-2] == (
            f"ask it    bin/query --server={server.grpc} --model=tiny"
            f" --token_file={token} metadata"
        )
        arguments = pathlib.Path(f"/proc/{server.process.pid}/cmdline")
        assert token.read_text() not in arguments.read_text()
