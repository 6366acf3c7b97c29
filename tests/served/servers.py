"""Servers as processes of their own, by bin/serve's module.

with running(f"--model_base_path={folder}") as server:
    requests.get(f"{server.rest}/readyz")
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).parents[2]
_SECONDS = 60


class ServerProcess:
    """A server on free ports of the loopback.

    Args:
      *flags: of bin/serve.
      seconds: after which it is killed, whatever a test waits for.
      **popen: as `subprocess.Popen` takes it.

    Attributes:
      process: a `Popen`.
      grpc: "127.0.0.1:PORT", once it is ready.
      rest: "http://127.0.0.1:PORT", once it is ready.
      printed: what it has printed when it was ready.
    """

    def __init__(self, *flags, seconds=2 * _SECONDS, **popen):
        ports = ("--port=-1", "--rest_api_port=-1")
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tfdisent.cli.serve", *ports, *flags],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=os.environ | {"PYTHONPATH": _path()},
            **popen,
        )
        self._guard = threading.Timer(seconds, self.process.kill)
        self._guard.start()
        self.grpc = self.rest = None
        self.printed = ""

    def wait_until_ready(self):
        """Waits until the models have loaded, or failed to."""
        for line in self.process.stdout:
            self.printed += line
            match line.split():
                case ["gRPC", address] if not address.startswith("unix:"):
                    self.grpc = address
                case ["REST", url]:
                    self.rest = url.partition("/v1/")[0]
                case ["end", "it", *_]:
                    return
        raise AssertionError(f"no server: {self.log()}")

    def wait_for_log(self, text, times=1):
        """Waits for a text in what it logs."""
        end = time.monotonic() + _SECONDS
        while self.log().count(text) < times:
            assert time.monotonic() < end, self.log()
            assert self.process.poll() is None, self.log()
            time.sleep(0.01)

    def log(self):
        """All that it has written to stderr."""
        # By its own offset: the process writes through another one.
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode()

    def get(self, path):
        """Status and parsed JSON of a GET."""
        return _fetch(self.rest + path)

    def post(self, path, body):
        """Status and parsed JSON of a POST of something as JSON."""
        return _fetch(self.rest + path, json.dumps(body).encode())

    def stop(self, *signals):
        """Sends signals, SIGTERM if none; returns the exit code."""
        for signum in signals or (15,):
            self.process.send_signal(signum)
        return self.process.wait(_SECONDS)

    def close(self):
        """Kills it if it runs."""
        self._guard.cancel()
        self.process.kill()
        self.process.communicate()
        self._log.close()


@contextlib.contextmanager
def starting(*flags, **popen):
    """Yields a `ServerProcess` that may not be ready; it is killed after."""
    server = ServerProcess(*flags, **popen)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def running(*flags, **popen):
    """Yields a `ServerProcess` that is ready; it is killed after."""
    with starting(*flags, **popen) as server:
        server.wait_until_ready()
        yield server


def _path():
    inherited = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])


def _fetch(url, body=None):
    try:
        with urllib.request.urlopen(url, body, _SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
