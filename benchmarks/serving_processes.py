"""The servers of a benchmark, as processes on free ports."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import NamedTuple

import psutil

MODEL = "bench"
_HERE = pathlib.Path(__file__).parent
_PATIENCE_SECONDS = 60


class Process(NamedTuple):
    """A server that runs: "host:port" of both of its protocols."""

    process: psutil.Process
    grpc: str
    rest: str

    def cpu_seconds(self) -> float:
        """Processor time so far, of all threads."""
        times = self.process.cpu_times()
        return times.user + times.system

    def resident_bytes(self) -> int:
        """Memory in use."""
        return self.process.memory_info().rss


@contextlib.contextmanager
def start_server(export: pathlib.Path, *flags: str) -> Iterator[Process]:
    """bin/serve on an export directory, in this Python's environment."""
    ports = [_free_port(), _free_port()]
    command = [str(_HERE.parent / "bin" / "serve")]
    command += [f"--model_name={MODEL}", f"--model_base_path={export}"]
    command += [f"--port={ports[0]}", f"--rest_api_port={ports[1]}", *flags]
    grpc, rest = (f"127.0.0.1:{port}" for port in ports)
    here = str(pathlib.Path(sys.executable).parent)
    path = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])
    environment = os.environ | {"PATH": path}
    with _killed(subprocess.Popen(command, env=environment)) as process:
        _wait_until_ready(f"http://{rest}/readyz", process)
        yield Process(psutil.Process(process.pid), grpc, rest)


@contextlib.contextmanager
def start_floor(length: int) -> Iterator[Process]:
    """Handlers that do nothing."""
    command = [sys.executable, str(_HERE / "serving_floor.py"), str(length)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with _killed(process):
        addresses = json.loads(process.stdout.readline())
        yield Process(psutil.Process(process.pid), *addresses)


@contextlib.contextmanager
def _killed(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _wait_until_ready(url: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the server did not answer at {url}.")
