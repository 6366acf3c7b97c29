"""TensorFlow Serving itself, to run the same tests against if it is there.

Tests take `targets()` as parameters and start "embedded" themselves:

    @pytest.fixture(scope="module", params=targets())
    def server(request, config_file):
      if request.param == "embedded":
        ...
      else:
        with real_server(config_file) as addresses:
          ...
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from typing import NamedTuple

import grpc
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
)

VARIABLE = "TFDISENT_MODEL_SERVER"
REAL = "tensorflow_model_server"
_AVAILABLE = get_model_status_pb2.ModelVersionStatus.AVAILABLE
_START_SECONDS = 120


class Addresses(NamedTuple):
    """Where a server listens: "127.0.0.1:8500", "http://127.0.0.1:8501"."""

    grpc: str
    rest: str


def binary():
    """Path of TensorFlow Serving, or None."""
    return os.environ.get(VARIABLE) or shutil.which(REAL)


def targets():
    """Names of the servers that tests run against."""
    return ["embedded"] + ([REAL] if binary() else [])


def write_config(exported, folder):
    """Makes a model "tiny" of versions 1 (label "stable") and 2.

    Args:
      exported: a version directory.
      folder: a `Path` for the copies.

    Returns:
      The path of the model config file.
    """
    for version in ("1", "2"):
        shutil.copytree(exported, folder / "tiny" / version)
    file = folder / "models.config"
    file.write_text(f"""
        model_config_list {{ config {{
          name: "tiny" base_path: "{folder / "tiny"}"
          model_platform: "tensorflow"
          model_version_policy {{ all {{}} }}
          version_labels {{ key: "stable" value: 1 }}
        }} }}
    """)
    return file


@contextlib.contextmanager
def real_server(config_file, versions=2):
    """Runs TensorFlow Serving.

    Args:
      config_file: of a model "tiny".
      versions: how many of it are AVAILABLE when the body starts.

    Yields:
      `Addresses`.
    """
    with _free_port() as port, _free_port() as rest_port:
        addresses = Addresses(
            f"127.0.0.1:{port}", f"http://127.0.0.1:{rest_port}"
        )
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [
                binary(),
                f"--port={port}",
                f"--rest_api_port={rest_port}",
                f"--model_config_file={config_file}",
                "--allow_version_labels_for_unavailable_models=true",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, addresses.grpc, versions, log)
            yield addresses
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


def _wait(process, address, versions, log):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "tiny"
    end = time.monotonic() + _START_SECONDS
    with grpc.insecure_channel(address) as channel:
        stub = model_service_pb2_grpc.ModelServiceStub(channel)
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(grpc.RpcError):
                answer = stub.GetModelStatus(request, timeout=5)
                states = [s.state for s in answer.model_version_status]
                if states.count(_AVAILABLE) == versions:
                    return
            time.sleep(0.1)
    log.seek(0)
    tail = log.read()[-4000:].decode(errors="replace")
    raise RuntimeError(f"{binary()} did not get ready:\n{tail}")
