"""Does a server keep memory, after many requests and many reloads?"""

import os
import pathlib
import shutil
import tempfile
import time
import urllib.error
import urllib.request

import numpy as np
from serving_load import run_load
from serving_processes import MODEL, Process, start_server
from serving_requests import grpc_request

REQUESTS, RELOADS, SETTLED = 100_000, 200, 20
_CLIENTS, _SECONDS = 32, 5.0


def measure_memory(export: pathlib.Path) -> dict[str, list[float]]:
    """Resident megabytes, before, between and at the end."""
    newest = max(
        (p for p in export.iterdir() if p.name.isdigit()),
        key=lambda path: int(path.name),
    )
    with tempfile.TemporaryDirectory() as folder:
        base = pathlib.Path(folder)
        shutil.copytree(newest, base / "1")
        with start_server(
            base, "--file_system_poll_wait_seconds=0.05"
        ) as server:
            return {
                "after each part of 100,000 requests": _ask(server),
                "after reloads 20, 40, ... 200": _reload(server, base),
            }


def _ask(server: Process) -> list[float]:
    images = np.random.default_rng(0).random((1, 64, 64, 1), np.float32)
    request = grpc_request(server, "encode", {"images": images})
    taken, asked = [], 0
    while asked < REQUESTS:
        asked += run_load(request, _CLIENTS, _SECONDS).asked
        taken.append(server.resident_bytes() / 1e6)
    return taken


def _reload(server: Process, base: pathlib.Path) -> list[float]:
    taken = []
    for number in range(2, RELOADS + 2):
        hidden = base / f".tmp-{number}"
        shutil.copytree(base / "1", hidden)
        os.rename(hidden, base / str(number))
        _wait_for(server, number)
        if number > 3:
            shutil.rmtree(base / str(number - 2))
        if (number - 1) % SETTLED == 0:
            taken.append(server.resident_bytes() / 1e6)
    return taken


def _wait_for(server: Process, number: int) -> None:
    url = f"http://{server.rest}/v1/models/{MODEL}/versions/{number}"
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url) as answer:
                if b"AVAILABLE" in answer.read():
                    return
        except urllib.error.HTTPError as error:
            if error.code != 404:  # it was not seen yet
                raise
        time.sleep(0.01)
    raise RuntimeError(f"version {number} did not appear.")
