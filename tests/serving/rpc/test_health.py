"""The health service follows the models."""

import shutil
import time

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from served.grpc_fakes import FakeServable
from served.grpc_servers import embedded

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
        server.manager.is_draining = True
        assert seen() == NOT_SERVING
        assert all(next(watch, None) is None for watch in watches)
        assert check(server) == NOT_SERVING


def test_unknown_service(grpc_embedded):
    health = grpc_embedded.client.health
    with pytest.raises(grpc.RpcError) as info:
        health.Check(HealthCheckRequest(service="x"), timeout=30)
    assert info.value.code() is grpc.StatusCode.NOT_FOUND
    watch = health.Watch(HealthCheckRequest(service="x"), timeout=30)
    assert next(watch).status == HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


@pytest.mark.parametrize("method", ["Check", "Watch"])
@pytest.mark.parametrize("content", [b"\xff", b"\x0a\x81\x08" + b"x" * 1025])
def test_what_names_no_service_is_refused(grpc_embedded, method, content):
    path = f"/grpc.health.v1.Health/{method}"
    call = grpc_embedded.client.channel.unary_stream(path)
    with pytest.raises(grpc.RpcError) as info:
        next(call(content, timeout=30))
    assert info.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_watches_are_limited(grpc_embedded):
    health = grpc_embedded.client.health
    watches = [
        health.Watch(HealthCheckRequest(), timeout=60) for _ in range(10)
    ]
    assert {next(watch).status for watch in watches} == {SERVING}
    with pytest.raises(grpc.RpcError) as info:
        next(health.Watch(HealthCheckRequest(), timeout=30))
    assert info.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    for watch in watches:
        watch.cancel()
    end = time.monotonic() + 30
    while True:
        again = health.Watch(HealthCheckRequest(), timeout=30)
        try:
            assert next(again).status == SERVING
            break
        except grpc.RpcError:
            assert time.monotonic() < end
    again.cancel()
