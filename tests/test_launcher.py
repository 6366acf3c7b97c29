"""bin/* against a fake venv and pip, which write down their calls."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BASE = Path(sys._base_executable).resolve()
FAKES = Path(__file__).parent / "launcher_fakes"
COMMANDS = (
    "train",
    "evaluate",
    "traverse",
    "export",
    "prepare_data",
    "study",
    "serve",
    "query",
    "watch",
    "report",
)


class Project:
    """A checkout with stub modules, in a folder whose name has a space."""

    def __init__(self, folder: Path):
        self.root = folder / "a project"
        self.calls_file = folder / "calls"
        self.calls_file.touch()
        shutil.copytree(ROOT / "bin", self.root / "bin")
        for name in ("setup.py", "constraints.txt"):
            shutil.copy(ROOT / name, self.root)
        write_modules(self.root)
        shutil.copy(FAKES / "pip.py", bare_python(folder / "with pip"))
        # A bare python3, whatever the machine's own has installed.
        self.python_site = bare_python(folder / "python")
        self.environ = {
            "PATH": f"{folder / 'python' / 'bin'}:{os.defpath}",
            "PYTHONPATH": str(FAKES),
            "CALLS": str(self.calls_file),
            "WITH_PIP": str(folder / "with pip"),
        }

    def start(self, *command, cwd=None, **environ):
        name, *arguments = command or ("train",)
        return subprocess.Popen(
            [self.root / "bin" / name, *arguments],
            cwd=cwd or self.root.parent,
            env=self.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fails(self, *command, **environ):
        """The message of a call that must fail."""
        process = self.start(*command, **environ)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 1, err
        assert not out and "Traceback" not in err
        return err

    def runs(self, *command, **environ):
        """What the stub module tells of a call that must succeed."""
        return finish(self.start(*command, **environ))

    @property
    def calls(self):
        return self.calls_file.read_text().splitlines()

    @property
    def installs(self):
        return self.calls.count("installed")


def finish(process):
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return json.loads(out) | {"said": err}


def write_modules(folder):
    cli = folder / "tfdisent" / "cli"
    cli.mkdir(parents=True)
    (cli.parent / "__init__.py").touch()
    shutil.copy(FAKES / "report.py", folder / "pytest.py")
    for name in COMMANDS:
        shutil.copy(FAKES / "report.py", cli / f"{name}.py")


def bare_python(folder):
    (folder / "bin").mkdir(parents=True)
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(BASE)
    (folder / "pyvenv.cfg").write_text(f"home = {BASE.parent}")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = folder / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    return site


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_first_call_sets_up_then_runs(project):
    told = project.runs("train", "--beta=6", "two words", cwd="/")
    assert told["name"] == "tfdisent.cli.train"
    assert told["python"] == str(project.root / ".venv/bin/python")
    assert told["arguments"] == ["--beta=6", "two words"]
    assert told["cwd"] == "/"
    assert project.calls[::2] == ["venv", "installed"]
    assert project.calls[1].endswith("-c constraints.txt -e .[dev]")
    assert "setting up .venv" in told["said"]


def test_second_call_does_nothing_but_run(project):
    project.runs()
    assert project.runs()["said"] == ""
    assert project.calls.count("venv") == project.installs == 1


def test_every_command_runs_its_module(project):
    assert [project.runs(name)["name"] for name in COMMANDS] == [
        f"tfdisent.cli.{name}" for name in COMMANDS
    ]


@pytest.mark.parametrize(
    ("step", "said", "advice"),
    [
        (
            "VENV_FAILS",
            "ensurepip is not available",
            "apt install python3-venv",
        ),
        ("PIP_FAILS", "Failed to establish a new connection", "PIP_INDEX_URL"),
        ("PIP_FAILS", "[Errno 28] No space left on device", "free 4 GB"),
        ("PIP_FAILS", "something new", "something new"),
    ],
)
def test_failed_step_is_told_and_repaired(project, step, said, advice):
    message = project.fails(**{step: said})
    assert advice in message
    assert str(project.root / ".venv-setup.log") in message
    assert not (project.root / ".venv").exists()
    project.runs()
    assert project.installs == 1


def test_killed_set_up_is_repaired(project):
    killed = project.start(PIP_SLEEPS="0.5")
    while not any(call.startswith("pip") for call in project.calls):
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    project.runs()
    # The orphaned pip ended first, for it held the lock.
    assert [call.split()[0] for call in project.calls] == [
        *("venv", "pip", "installed"),
        *("venv", "pip", "installed"),
    ]


def change_pins(project):
    with (project.root / "constraints.txt").open("a") as pins:
        pins.write("# changed\n")


def move(project):
    project.root = project.root.rename(project.root.parent / "moved there")


def remove_interpreter(project):
    (project.root / ".venv/bin/python").unlink()


@pytest.mark.parametrize("change", [change_pins, move, remove_interpreter])
def test_stale_environment_is_made_again(project, change):
    project.runs()
    change(project)
    told = project.runs()
    assert told["python"] == str(project.root / ".venv/bin/python")
    assert project.installs == 2


def test_two_first_calls_install_once(project):
    both = [project.start(PIP_SLEEPS="0.5") for _ in range(2)]
    assert {finish(call)["name"] for call in both} == {"tfdisent.cli.train"}
    assert project.installs == 1


def test_command_works_through_a_symlink(project, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(project.root / "bin/train")
    told = json.loads(subprocess.check_output([link], env=project.environ))
    assert told["python"] == str(project.root / ".venv/bin/python")


def test_own_environment_is_used(project, tmp_path):
    (project.python_site / "tensorflow.py").touch()
    (project.python_site / "own.pth").write_text(str(project.root))
    told = project.runs()
    assert told["python"] == str(tmp_path / "python/bin/python3")
    assert told["said"] == "" and project.calls == []
    assert not (project.root / ".venv").exists()


def test_own_tfdisent_from_elsewhere_is_named(project):
    (project.python_site / "tensorflow.py").touch()
    write_modules(project.python_site)
    assert str(project.python_site / "tfdisent") in project.runs()["said"]


def test_tfdisent_in_the_current_folder_is_ignored(project, tmp_path):
    (project.python_site / "tensorflow.py").touch()
    write_modules(tmp_path / "other")
    (tmp_path / "other/tfdisent/cli/train.py").write_text("1 / 0")
    told = project.runs(cwd=tmp_path / "other")
    assert told["python"] == str(project.root / ".venv/bin/python")


def test_python_too_old_or_missing_is_told(project, tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    for tool in ("sh", "readlink", "dirname"):
        (old / tool).symlink_to(shutil.which(tool))
    assert "python3 is missing" in project.fails(PATH=str(old))
    (old / "python3").write_text("#!/bin/sh\n[ $1 = -I ] || echo Python 3.9\n")
    (old / "python3").chmod(0o755)
    assert "python3 is Python 3.9" in project.fails(PATH=str(old))


def test_environment_is_set_unless_the_user_did(project):
    environ = project.runs(MALLOC_TOP_PAD_="1")["environ"]
    assert environ["MALLOC_TOP_PAD_"] == "1"
    assert environ["MALLOC_MMAP_THRESHOLD_"] == str(8 << 30)
    assert environ["TF_CPP_MIN_LOG_LEVEL"] == "2"


TWO = ["-n", "2", "--dist", "loadfile"]


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        ([], ["-m", "not slow", *TWO]),
        (["-k", "a or b", "--slow"], ["-m", "", *TWO, "-k", "a or b"]),
    ],
)
def test_test_command_passes_arguments_to_pytest(project, arguments, passed):
    told = project.runs("test", *arguments)
    assert told["name"] == "pytest"
    assert told["arguments"] == passed
    assert told["cwd"] == str(project.root)
