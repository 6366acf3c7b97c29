"""A server's start, its answers and its end, in this process."""

import asyncio
import json
import socket
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2
from prometheus_client.parser import text_string_to_metric_families
from served.certificates import new_authority, new_identity
from served.held_servable import Gates, held_servable
from served.served import NOT_SERVING, Served, new_server

from tfdisent.errors import RunError, UsageError
from tfdisent.export.messages import SSLConfig
from tfdisent.serving.limits import Limits
from tfdisent.serving.tls import Tls
from tfdisent.serving.token import Token

TOKEN = "abcdefghijklmnop"


pytestmark = pytest.mark.usefixtures("no_collections")


def test_both_protocols_answer_from_one_model(serve):
    async def ask():
        async with serve() as served:
            answer = {"predictions": [2.0, 6.0]}
            assert await served.rest_predict(instances=[1, 3]) == (200, answer)
            assert await served.grpc_predict(values=[1.0, 3.0]) == [2.0, 6.0]
            assert (await served.get("/readyz"))[0] == 200

    asyncio.run(ask())


def test_a_server_that_loads_is_alive_and_not_ready(base, monkeypatch):
    async def ask():
        gates = Gates()
        gates.load.clear()
        held = held_servable(gates)
        monkeypatch.setattr("tfdisent.serving.server.Servable", held)
        server = new_server(base)
        starting = asyncio.create_task(server.start())
        async with asyncio.timeout(30):
            while not server.rest_port:
                await asyncio.sleep(0.005)
        served = Served(server, gates)
        everything = health_pb2.HealthCheckRequest()
        assert (await served.get("/healthz"))[0] == 200
        assert (await served.get("/readyz"))[0] == 503
        assert (await served.health.Check(everything)).status == NOT_SERVING
        assert await served.grpc_predict() == "NOT_FOUND"
        assert not starting.done()
        gates.load.set()
        await starting
        assert (await served.get("/readyz"))[0] == 200
        await served.until_serving()
        await served.close()

    asyncio.run(ask())


def test_what_is_in_flight_ends_and_nothing_else_begins(serve):
    async def ask():
        async with serve() as served:
            watch = await served.until_serving()
            assert (await served.get("/readyz"))[0] == 200
            connections = [served.get("/readyz") for _ in range(4)]
            await asyncio.gather(*connections)
            served.gates.answer.clear()
            begun = [
                asyncio.create_task(predict())
                for predict in [served.rest_predict, served.grpc_predict] * 3
            ]
            await served.gates.until_waiting(6)
            draining = asyncio.create_task(served.server.drain())
            # Readiness goes first.
            assert (await watch.read()).status == NOT_SERVING
            assert not served.server.manager.is_ready()
            assert await watch.read() == grpc.aio.EOF
            assert await served.grpc_predict() == "UNAVAILABLE"
            # On connections that were open before, and on new ones.
            stopping = (503, {"error": "The server is stopping."})
            for _ in range(6):
                assert await served.rest_predict() == stopping
                status, text = await served.get("/readyz")
                assert (status, json.loads(text)) == stopping
            assert (await served.get("/healthz"))[0] == 200
            assert not any(task.done() for task in [draining, *begun])
            served.gates.answer.set()
            rest = (200, {"predictions": [2.0]})
            assert await asyncio.gather(*begun) == [rest, [2.0]] * 3
            assert await draining

    asyncio.run(ask())


def test_what_takes_longer_than_the_grace_is_broken_off(serve):
    async def ask():
        async with serve(grace_seconds=0.1) as served:
            served.gates.answer.clear()
            begun = asyncio.create_task(served.grpc_predict())
            await served.gates.until_waiting(1)
            assert not await served.server.drain()
            assert await begun in ("UNAVAILABLE", "CANCELLED")

    asyncio.run(ask())


def test_idle_connections_delay_nothing(serve):
    async def ask():
        async with serve() as served:
            assert (await served.get("/healthz"))[0] == 200
            silent = await asyncio.open_connection(
                "127.0.0.1", served.server.rest_port
            )
            async with asyncio.timeout(10):
                assert await served.server.drain()
            assert await silent[0].read() == b""
            silent[1].close()

    asyncio.run(ask())


def test_the_limit_of_a_message_is_the_body_limit(serve):
    async def ask():
        limits = Limits(body_bytes=10_000)
        async with serve(limits=limits) as served:
            big = await served.grpc_predict(values=[0.0] * 3000)
            assert big == "RESOURCE_EXHAUSTED"
            assert (await served.rest_predict(instances=[0.5] * 3000))[0] in (
                *(400, 413),
            )
            assert await served.grpc_predict() == [2.0]

    asyncio.run(ask())


def test_token_and_tls_guard_all_but_health(serve, tmp_path):
    authority = new_authority()
    identity = new_identity(authority)
    (tmp_path / "token").write_text(TOKEN)
    config = SSLConfig(
        server_key=identity.key, server_cert=identity.certificate
    )
    (tmp_path / "ssl").write_text(str(config))

    async def ask():
        async with serve(
            authority,
            tls=Tls(tmp_path / "ssl"),
            token=Token(tmp_path / "token"),
            metrics_path="/metrics",
        ) as served:
            await served.until_serving()
            assert (await served.get("/healthz"))[0] == 200
            assert (await served.get("/readyz"))[0] == 200
            for path in ("/v1/models", "/v1/models/held", "/metrics"):
                status, body = await served.get(path)
                assert status == 401 and '"error"' in body
            assert (await served.rest_predict())[0] == 401
            assert await served.grpc_predict() == "UNAUTHENTICATED"
            bearer = f"Bearer {TOKEN}"
            assert (await served.rest_predict(Authorization=bearer))[0] == 200
            assert (await served.get("/metrics", Authorization=bearer))[
                0
            ] == 200
            metadata = [("authorization", bearer)]
            assert await served.grpc_predict(metadata=metadata) == [2.0]

    asyncio.run(ask())


def test_a_request_that_is_cancelled_before_it_ran_is_counted(serve):
    async def ask():
        async with serve(metrics_path="/metrics") as served:
            served.gates.answer.clear()
            request = asyncio.create_task(served.grpc_predict())
            await served.gates.until_waiting(1)
            request.cancel()
            async with asyncio.timeout(30):
                while served.gates.waiting:
                    await asyncio.sleep(0.005)
            _, text = await served.get("/metrics")
            assert "\ntfdisent_dropped_requests_total 1.0\n" in text

    asyncio.run(ask())


def request_counts(text):
    """Requests by (model, code) in what Prometheus reads."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith(":tensorflow:serving:request_count")
    }


def test_metrics_are_what_the_clients_saw(serve):
    async def ask():
        async with serve(metrics_path="/metrics") as served:
            for _ in range(5):
                await served.grpc_predict()
                await served.rest_predict()
            await served.rest_predict(instances=["a"])
            for i in range(3):
                assert await served.grpc_predict(f"no{i}") == "NOT_FOUND"
                assert (await served.rest_predict(f"no{i}"))[0] == 404
            counts = {}
            end = time.monotonic() + 30
            # A call is counted when it ends, which may be after the client's.
            while sum(counts.values()) < 17 and time.monotonic() < end:
                status, text = await served.get("/metrics")
                assert status == 200
                counts = request_counts(text)
            assert counts == {
                ("held", "OK"): 10,
                ("held", "INVALID_ARGUMENT"): 1,
                ("(unknown)", "NOT_FOUND"): 6,
            }
            assert "\ntfdisent_batch_rows_count 10.0\n" in text
            assert (
                '\ntfdisent_available_version{model_name="held",version="1"}'
                in text
            )

    asyncio.run(ask())


@pytest.mark.parametrize("which", ["port", "rest_port"])
def test_a_port_in_use_is_named(base, which):
    async def ask():
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            server = new_server(base, **{which: port})
            with pytest.raises(RunError, match=f"port {port} .* is in use"):
                await server.start()

    asyncio.run(ask())


@pytest.mark.parametrize("which", ["port", "rest_port"])
@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.1", "not this machine's"),
        ("nowhere.invalid", "the host nowhere.invalid is unknown"),
    ],
)
def test_a_host_that_is_none_is_named(base, which, host, said):
    async def ask():
        other = {"port": "rest_port", "rest_port": "port"}[which]
        server = new_server(base, host=host, **{other: None})
        with pytest.raises(RunError, match=said):
            await server.start()

    asyncio.run(ask())


def test_a_unix_socket_serves_and_replaces_one_left_behind(serve, tmp_path):
    path = tmp_path / "grpc.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        left.listen()
    assert path.exists()

    async def ask():
        async with serve(port=None, socket_path=path) as served:
            await served.channel.close()
            served.channel = grpc.aio.insecure_channel(f"unix:{path}")
            assert await served.grpc_predict() == [2.0]
            second = new_server(tmp_path, socket_path=path)
            with pytest.raises(RunError, match="grpc.sock is in use"):
                await second.start()
            assert await served.grpc_predict() == [2.0]

    asyncio.run(ask())


def test_a_socket_path_never_costs_a_file(base, tmp_path):
    file = tmp_path / "file"
    file.write_text("precious")
    paths = {
        file: (UsageError, "is there and no socket"),
        tmp_path / ("x" * 120): (UsageError, "at most 107 bytes"),
        tmp_path / "no" / "where": (RunError, "cannot be made"),
    }

    async def ask():
        for path, (kind, said) in paths.items():
            server = new_server(base, port=None, socket_path=path)
            with pytest.raises(kind, match=said):
                await server.start()

    asyncio.run(ask())
    assert file.read_text() == "precious"
