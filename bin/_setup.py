"""Makes .venv unless it is there, then runs a module in it.

Called as `_setup.py MODULE [ARGUMENT...]`, with the standard library only. An
environment of the caller's that has all it takes is used instead of .venv.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Written last: .venv is whole if it holds the present fingerprint.
STAMP = VENV / "stamp"
# pip's output; the lock that keeps two set-ups apart is on this file too.
LOG = ROOT / ".venv-setup.log"
FREE_BYTES = 4e9

# What the module starts with, unless the user set it otherwise.
ENVIRONMENT = {
    # glibc keeps the memory of large tensors instead of returning it.
    "MALLOC_MMAP_THRESHOLD_": "8589934592",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
    # TensorFlow's C++ side tells errors only.
    "TF_CPP_MIN_LOG_LEVEL": "2",
}

# What the log of a failed step says, in lower case: how to mend it.
MENDS = {
    "no space left": "The disk of .venv or of TMPDIR is full: free 4 GB.",
    "ensurepip": "Python lacks its venv module: install it "
    "(Debian, Ubuntu: apt install python3-venv).",
    "connection": "No package index was reached: mend the network, "
    "or name an index in PIP_INDEX_URL.",
    "no matching distribution": "The package index lacks a version "
    "that constraints.txt names: use another index or Python.",
}


def main(module: str, *arguments: str) -> None:
    """Runs `python -m module arguments` in place of this process."""
    python = sys.executable
    if not serves(module):
        ensure_venv()
        python = str(PYTHON)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # -P: the folder of the caller shadows no installed package.
    os.execv(python, [python, "-P", "-m", module, *arguments])


def serves(module: str) -> bool:
    """Tells whether the caller's own environment can run the module."""
    if Path(sys.prefix).resolve() == VENV:
        return False
    needed = ("tfdisent", "tensorflow", module.split(".")[0])
    specs = [importlib.util.find_spec(name) for name in needed]
    if None in specs:
        return False
    source = Path(specs[0].origin or "").resolve()
    if ROOT not in source.parents:
        say(f"the tfdisent of your environment runs, {source.parent}")
    return True


def ensure_venv() -> None:
    """Makes .venv, unless it is whole or another process makes it."""
    if is_whole():
        return
    with LOG.open("a") as log:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another command that sets up .venv ...")
            fcntl.flock(log, fcntl.LOCK_EX)
        if not is_whole():
            log.truncate(0)
            make_venv(log)


def is_whole() -> bool:
    """Tells whether .venv was finished, here, from the present files."""
    try:
        return PYTHON.exists() and STAMP.read_text() == fingerprint()
    except FileNotFoundError:
        return False


def fingerprint() -> str:
    """Hashes all that .venv depends on: files, place and interpreter."""
    parts = [
        (ROOT / "setup.py").read_bytes(),
        (ROOT / "constraints.txt").read_bytes(),
        os.fsencode(ROOT),
        os.fsencode(PYTHON.resolve()),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make_venv(log: TextIO) -> None:
    """Makes .venv from nothing, or leaves none."""
    free = shutil.disk_usage(ROOT).free
    if free < FREE_BYTES:
        fail(f"{ROOT} has {free / 1e9:.1f} GB of disk left: free 4 GB.")
    say("setting up .venv (once; 1 to 3 minutes, 3 GB) ...")
    # A half-cleared .venv must not pass for whole.
    STAMP.unlink(missing_ok=True)
    try:
        # The base interpreter, for the present one may be .venv's own.
        base = sys._base_executable
        run(log, "venv", [base, "-m", "venv", "--clear", str(VENV)])
        # -I: packages on a PYTHONPATH do not count as installed.
        pip = [str(PYTHON), "-I", "-m", "pip", "install"]
        calm = ["--disable-pip-version-check", "--progress-bar=off"]
        wanted = ["-c", "constraints.txt", "-e", ".[dev]"]
        run(log, "pip install", [*pip, *calm, *wanted])
        STAMP.write_text(fingerprint())
    except BaseException:
        shutil.rmtree(VENV, ignore_errors=True)
        raise
    say(".venv is ready.")


def run(log: TextIO, step: str, command: list[str]) -> None:
    """Runs a step; its output goes to the log, its last line to a terminal."""
    width = shutil.get_terminal_size().columns - 3
    # The log as stderr: a child that outlives us goes on holding the lock.
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
    ) as process:
        for line in process.stdout:
            log.write(line)
            log.flush()
            if sys.stderr.isatty():
                sys.stderr.write(f"\r\033[K  {line.strip()[:width]}")
                sys.stderr.flush()
    if process.returncode:
        fail(f"{step} failed (its output: {LOG}). {mend()}")


def mend() -> str:
    """Reads from the log how to mend what failed, or its last line."""
    text = LOG.read_text(errors="replace")
    for sign, advice in MENDS.items():
        if sign in text.lower():
            return advice
    return (text.strip() or "It said nothing.").splitlines()[-1]


def say(text: str) -> None:
    """Tells the user, on stderr: stdout is the module's."""
    erase = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{erase}tfdisent: {text}", file=sys.stderr, flush=True)


def fail(text: str) -> None:
    """Ends with exit code 1 and one line."""
    say(text)
    raise SystemExit(1)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        fail(f"could not set up .venv: {error}")
    except KeyboardInterrupt:
        say("stopped; the next call starts over.")
        sys.exit(130)
