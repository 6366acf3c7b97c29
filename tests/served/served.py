"""The server in this process, with a model that waits for a gate.

async with serve(token=Token(path)) as served:
    assert await served.grpc_predict() == [2.0]
"""

import asyncio
import contextlib
import ssl

import aiohttp
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from served.held_servable import Gates, held_servable
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from tfdisent.serving.server import Server
from tfdisent.serving.server_options import ServerOptions
from tfdisent.serving.versions.model_config import single_model_config

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Served:
    """A server, its gates, and clients of it.

    Attributes:
      options: of the channel's and session's security, empty for none.
    """

    def __init__(self, server, gates, authority=None):
        self.server, self.gates = server, gates
        address = f"127.0.0.1:{server.port}"
        if authority:
            self.channel = grpc.aio.secure_channel(
                address, grpc.ssl_channel_credentials(authority.pem.encode())
            )
            context = ssl.create_default_context(cadata=authority.pem)
        else:
            self.channel = grpc.aio.insecure_channel(address)
            context = None
        scheme = "https" if authority else "http"
        self.url = f"{scheme}://127.0.0.1:{server.rest_port}"
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context or True)
        )
        self.health = health_pb2_grpc.HealthStub(self.channel)

    async def get(self, path, **headers):
        async with self.session.get(self.url + path, headers=headers) as got:
            return got.status, await got.text()

    async def rest_predict(self, model="held", instances=(1,), **headers):
        url = f"{self.url}/v1/models/{model}:predict"
        body = {"instances": instances}
        async with self.session.post(url, json=body, headers=headers) as got:
            return got.status, await got.json()

    async def grpc_predict(self, model="held", values=(1.0,), metadata=()):
        request = predict_request(model, values)
        stub = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        try:
            answer = await stub.Predict(request, metadata=metadata, timeout=60)
        except grpc.aio.AioRpcError as error:
            return error.code().name
        content = answer.outputs["y"].tensor_content
        return memoryview(content).cast("f").tolist()

    async def until_serving(self):
        """Waits for gRPC's health, and returns the call that watches it."""
        watch = self.health.Watch(health_pb2.HealthCheckRequest())
        async with asyncio.timeout(30):
            while (await watch.read()).status != SERVING:
                pass
        return watch

    async def close(self):
        self.gates.load.set()
        self.gates.answer.set()
        await self.session.close()
        await self.channel.close()
        await self.server.drain()
        await self.server.close()


def predict_request(model="held", values=(1.0,)):
    """A request of the model's only signature."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.inputs["x"].dtype = 1
    request.inputs["x"].tensor_shape.dim.add(size=len(values))
    request.inputs["x"].float_val.extend(values)
    return request


def new_server(base, **options):
    """A server, not started, of the model in a folder."""
    defaults = dict(port=0, rest_port=0, grace_seconds=20.0)
    config = single_model_config("held", str(base))
    return Server(config, ServerOptions(**defaults | options))


@contextlib.asynccontextmanager
async def serving(base, monkeypatch, authority=None, gates=None, **options):
    """Yields a `Served` for options of a server."""
    gates = gates or Gates()
    held = held_servable(gates)
    monkeypatch.setattr("tfdisent.serving.server.Servable", held)
    server = new_server(base, **options)
    await server.start()
    served = Served(server, gates, authority)
    try:
        yield served
    finally:
        await served.close()
