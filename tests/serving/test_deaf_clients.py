"""Clients that take no answer, or send no request, and hold all they can."""

import asyncio
import contextlib
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2
from served.certificates import new_authority, new_identity
from served.raw_http2 import deaf_connection, send_call
from served.rest_servers import read_all
from served.served import NOT_SERVING, SERVING, predict_request

from tfdisent.export.messages import SSLConfig
from tfdisent.serving.limits import Limits
from tfdisent.serving.tls import Tls
from tfdisent.serving.token import Token

PREDICT = "/tensorflow.serving.PredictionService/Predict"
METRICS = "/metrics"
WATCH = "/grpc.health.v1.Health/Watch"
REQUEST = predict_request().SerializeToString()
EVERYTHING = health_pb2.HealthCheckRequest()
BRIEF = Limits(read_seconds=0.1, request_seconds=0.2)


async def until_closed(connection):
    """Waits until the server closes it; returns what it has sent."""
    return await asyncio.to_thread(read_all, connection)


async def until_in_flight(served, count):
    """Waits until the server answers so many requests."""
    async with asyncio.timeout(30):
        while len(served.server._in_flight._tasks) != count:
            await asyncio.sleep(0.01)


def test_watches_that_nobody_reads_change_nothing_for_others(serve):
    async def ask():
        async with serve() as served:
            with deaf_connection(served.server.port) as connection:
                for stream in range(1, 101, 2):
                    send_call(connection, stream, WATCH, b"")
                watch = await served.until_serving()
                assert (await served.health.Check(EVERYTHING)).status == SERVING
                start = time.monotonic()
                assert await served.server.drain()
                assert time.monotonic() - start < 5
                assert (await watch.read()).status == NOT_SERVING
                assert await watch.read() == grpc.aio.EOF

    asyncio.run(ask())


def test_watches_that_nobody_reads_are_limited(serve):
    async def ask():
        async with serve() as served:
            with deaf_connection(served.server.port) as connection:
                for stream in range(1, 301, 2):
                    send_call(connection, stream, WATCH, b"")
                async with asyncio.timeout(30):
                    while True:
                        watch = served.health.Watch(EVERYTHING)
                        try:
                            await watch.read()
                        except grpc.aio.AioRpcError as error:
                            code = error.code()
                            break
                assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
                assert (await served.health.Check(EVERYTHING)).status == SERVING
                assert await served.grpc_predict() == [2.0]
            async with asyncio.timeout(30):
                while True:
                    with contextlib.suppress(grpc.aio.AioRpcError):
                        await served.until_serving()
                        break

    asyncio.run(ask())


def test_an_answer_that_nobody_takes_is_broken_off(serve):
    async def ask():
        async with serve(limits=BRIEF) as served:
            with deaf_connection(served.server.port) as connection:
                send_call(connection, 1, PREDICT, REQUEST)
                send_call(connection, 3, WATCH, b"")
                await until_in_flight(served, 1)
                await until_closed(connection)
                await until_in_flight(served, 0)

    asyncio.run(ask())


def test_an_answer_that_nobody_takes_ends_with_the_grace(serve):
    async def ask():
        async with serve(grace_seconds=0.3) as served:
            with deaf_connection(served.server.port) as connection:
                send_call(connection, 1, PREDICT, REQUEST)
                await until_in_flight(served, 1)
                start = time.monotonic()
                assert not await served.server.drain()
                assert time.monotonic() - start < 5

    asyncio.run(ask())


def test_a_request_that_does_not_come_is_refused_in_time(serve):
    async def ask():
        async with serve(limits=BRIEF) as served:
            start = time.monotonic()
            call = served.channel.stream_unary(PREDICT)()
            assert await call.code() == grpc.StatusCode.DEADLINE_EXCEEDED
            assert "took too long to arrive" in await call.details()
            assert time.monotonic() - start < 5

    asyncio.run(ask())


def test_without_the_token_no_request_is_read(serve, tmp_path):
    (tmp_path / "token").write_text("x" * 20)

    async def ask():
        async with serve(token=Token(tmp_path / "token")) as served:
            call = served.channel.stream_unary(PREDICT)()
            assert await call.code() == grpc.StatusCode.UNAUTHENTICATED

    asyncio.run(ask())


def test_more_than_the_most_are_refused_on_both_protocols(serve):
    async def ask():
        limits = Limits(concurrent_requests=2)
        async with serve(limits=limits, metrics_path=METRICS) as served:
            served.gates.answer.clear()
            begun = [
                asyncio.create_task(served.rest_predict()),
                asyncio.create_task(served.grpc_predict()),
            ]
            await served.gates.until_waiting(2)
            assert await served.grpc_predict() == "UNAVAILABLE"
            status, body = await served.rest_predict()
            assert status == 503 and "is answering 2 requests" in body["error"]
            assert (await served.get("/healthz"))[0] == 200
            assert (await served.health.Check(EVERYTHING)).status == SERVING
            served.gates.answer.set()
            assert await asyncio.gather(*begun) == [
                (200, {"predictions": [2.0]}),
                [2.0],
            ]
            _, metrics = await served.get(METRICS)
            assert "\ntfdisent_refused_requests_total 2.0\n" in metrics
            assert await served.grpc_predict() == [2.0]
            assert (await served.rest_predict())[0] == 200

    asyncio.run(ask())


def test_no_call_is_lost_when_connections_are_renewed(serve, monkeypatch):
    monkeypatch.setattr("tfdisent.serving.rpc.channel_options._LIFES", 0.1)

    async def ask():
        async with serve(limits=Limits(read_seconds=5)) as served:
            end = time.monotonic() + 2
            while time.monotonic() < end:
                answers = [served.grpc_predict() for _ in range(4)]
                assert await asyncio.gather(*answers) == [[2.0]] * 4

    asyncio.run(ask())


@pytest.mark.parametrize("which", ["port", "rest_port"])
def test_a_handshake_that_does_not_come_is_cut(serve, tmp_path, which):
    authority = new_authority()
    identity = new_identity(authority)
    config = SSLConfig(
        server_key=identity.key, server_cert=identity.certificate
    )
    (tmp_path / "ssl").write_text(str(config))

    async def ask():
        tls = Tls(tmp_path / "ssl")
        async with serve(authority, tls=tls, limits=BRIEF) as served:
            port = getattr(served.server, which)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            async with asyncio.timeout(20):
                with contextlib.suppress(ConnectionError):
                    await reader.read()
            writer.close()

    asyncio.run(ask())
