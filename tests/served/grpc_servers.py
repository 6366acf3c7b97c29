"""gRPC servers for tests, and the official client."""

import asyncio
import contextlib
import functools
import threading
from typing import Any, NamedTuple
from unittest import mock

import grpc
from grpc_health.v1 import health_pb2_grpc
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from tfdisent.serving.inference.servable import Servable
from tfdisent.serving.limits import Limits
from tfdisent.serving.rpc.health import Health
from tfdisent.serving.rpc.service import grpc_handlers
from tfdisent.serving.versions import loader
from tfdisent.serving.versions.manager import ModelManager

LIMITS = Limits(body_bytes=2**20, elements=2**20, request_seconds=20)


class Client(NamedTuple):
    """The official stubs on one channel."""

    address: str
    channel: grpc.Channel
    prediction: Any
    models: Any
    health: Any


class Embedded(NamedTuple):
    """A server in this process, and all that is in it."""

    client: Client
    manager: Any
    observed: list
    loop: asyncio.AbstractEventLoop

    def run(self, coroutine):
        """Runs a coroutine in the server's loop, to its end."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return future.result(60)


class Recorder:
    """A `Monitoring` that keeps what it is told."""

    def __init__(self):
        self.observed = []

    def observe(self, model, version, api, entrypoint, code, seconds):
        assert seconds >= 0
        self.observed.append((model, version, api, entrypoint, code.name))


@contextlib.contextmanager
def client(address):
    """Yields a `Client`."""
    with grpc.insecure_channel(address) as channel:
        yield Client(
            address,
            channel,
            prediction_service_pb2_grpc.PredictionServiceStub(channel),
            model_service_pb2_grpc.ModelServiceStub(channel),
            health_pb2_grpc.HealthStub(channel),
        )


@contextlib.contextmanager
def embedded(
    config, *, limits=LIMITS, load=None, enable_reload=False, poll_seconds=0
):
    """Serves a `ModelServerConfig` from a thread; yields an `Embedded`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    recorder = Recorder()

    async def start():
        manager = ModelManager(
            config,
            load=load or functools.partial(Servable, limits=limits),
            poll_seconds=poll_seconds,
            allow_labels_for_unavailable=True,
        )
        await manager.start()
        server = grpc.aio.server(
            options=[("grpc.max_receive_message_length", limits.body_bytes)]
        )
        handlers = grpc_handlers(
            manager, limits, recorder, enable_reload=enable_reload
        )
        health = Health(manager, poll_seconds=0.02, most_watches=10).handler()
        server.add_generic_rpc_handlers([*handlers, health])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return manager, server, port

    async def stop(manager, server, port):
        await server.stop(0)
        await manager.stop()

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)

    # A quarter of a second, with Python's TensorFlow in the process.
    tidying = mock.patch.object(loader, "tidy_memory")
    tidying.start()
    try:
        parts = run(start())
        try:
            with client(f"127.0.0.1:{parts[-1]}") as connected:
                yield Embedded(connected, parts[0], recorder.observed, loop)
        finally:
            run(stop(*parts))
    finally:
        tidying.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
