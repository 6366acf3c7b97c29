"""The health service follows the models."""

import shutil
import threading

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from serving.grpc_fakes import FakeServable
from serving.grpc_servers import embedded

from tfdisent.serving.versions.model_config import single_model_config

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING
SERVICES = [
    "",
    "ModelService",
    "PredictionService",
    "tensorflow.serving.ModelService",
    "tensorflow.serving.PredictionService",
]


def check(server):
    """The one status of all services."""
    (status,) = {
        server.client.health.Check(
            HealthCheckRequest(service=s), timeout=30
        ).status
        for s in SERVICES
    }
    return status


def test_health_follows_the_models_until_it_drains(config_file, tmp_path):
    source = config_file.parent / "tiny" / "1"
    base = tmp_path / "tiny"
    base.mkdir()
    config = single_model_config("tiny", str(base))
    with embedded(config, load=FakeServable) as server:
        watches = [
            server.client.health.Watch(
                HealthCheckRequest(service=s), timeout=60
            )
            for s in SERVICES
        ]

        def seen():
            (status,) = {next(watch).status for watch in watches}
            return status

        assert check(server) == NOT_SERVING
        assert seen() == NOT_SERVING
        shutil.copytree(source, base / "1")
        server.run(server.manager.poll())
        assert seen() == SERVING
        assert check(server) == SERVING
        shutil.rmtree(base / "1")
        server.run(server.manager.poll())
        assert seen() == NOT_SERVING
        shutil.copytree(source, base / "2")
        server.run(server.manager.poll())
        assert seen() == SERVING
        server.run(server.health.drain())
        assert seen() == NOT_SERVING
        assert check(server) == NOT_SERVING


def test_drained_health_stays(config_file):
    config = single_model_config("tiny", str(config_file.parent / "tiny"))
    with embedded(config, load=FakeServable) as server:
        assert check(server) == SERVING
        server.run(server.health.drain())
        looks = threading.Semaphore(0)
        server.manager.is_ready = lambda: looks.release() or True
        for _ in range(3):
            assert looks.acquire(timeout=30)
        assert check(server) == NOT_SERVING


def test_unknown_service_is_not_found(grpc_embedded):
    with pytest.raises(grpc.RpcError) as info:
        grpc_embedded.client.health.Check(
            HealthCheckRequest(service="x"), timeout=30
        )
    assert info.value.code() is grpc.StatusCode.NOT_FOUND
