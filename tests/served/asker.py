"""Clients of a server, many at once, that keep what they were answered.

    async def work(asker, number):
        answer = await asker.ask("grpc", "tiny", "decode", {"codes": codes})
        assert_answers(answer, expected)

    asyncio.run(at_once(server, 32, work))

They write and read by the official messages, and share no code with
`tfdisent.serving.client`.
"""

import asyncio
import base64
import collections
import functools
import io
import json
import time
from typing import NamedTuple

import aiohttp
import grpc
import numpy as np
import tensorflow as tf
from PIL import Image
from served.predict_requests import predict_request
from tensorflow_serving.apis import prediction_service_pb2_grpc

PROTOCOLS = ("grpc", "rows", "columns")
SECONDS = 60  # no answer takes so long, unless it never comes
# What an answer over REST leaves open, as this server uses it.
_CODES = {
    200: "OK",
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_CHANNEL = [
    ("grpc.max_receive_message_length", -1),
    # A connection for each channel, as if each were a process of its own.
    ("grpc.use_local_subchannel_pool", 1),
]


class Answer(NamedTuple):
    """What a client was told.

    Attributes:
      code: name of the canonical code.
      outputs: arrays by name, or the one array of an answer over REST; the
        text of an error.
      version: that answered; REST does not tell.
      seconds: it took.
    """

    code: str
    outputs: dict | np.ndarray | str
    version: int | None
    seconds: float


class Asker:
    """One client, with a connection for gRPC and others for REST.

    Args:
      server: has the addresses `grpc` and `rest`.

    Attributes:
      counts: answers by model and code.
    """

    def __init__(self, server):
        self.channel = grpc.aio.insecure_channel(server.grpc, _CHANNEL)
        self.session = aiohttp.ClientSession(
            server.rest,
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(SECONDS),
        )
        self.counts = collections.Counter()
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(
            self.channel
        )

    async def __aenter__(self):
        return self

    async def __aexit__(self, *raised):
        await self.session.close()
        await self.channel.close()

    async def ask(self, protocol, model, signature, inputs):
        """Asks by one of `PROTOCOLS`; raises only if nobody answers."""
        return await self.prepared(protocol, model, signature, inputs)()

    def prepared(self, protocol, model, signature, inputs):
        """Writes a request once; what is returned asks it each time."""
        if protocol == "grpc":
            request = predict_request(model, signature=signature, **inputs)
            send = functools.partial(self._grpc, request)
        else:
            body = rest_body(protocol, signature, inputs)
            send = functools.partial(self._rest, protocol, model, body)

        async def ask():
            answer = await send()
            self.counts[model, answer.code] += 1
            return answer

        return ask

    async def _grpc(self, request):
        start = time.perf_counter()
        try:
            message = await self._stub.Predict(request, timeout=SECONDS)
        except grpc.aio.AioRpcError as error:
            seconds = time.perf_counter() - start
            return Answer(error.code().name, error.details(), None, seconds)
        seconds = time.perf_counter() - start
        outputs = {k: tf.make_ndarray(x) for k, x in message.outputs.items()}
        version = message.model_spec.version.value
        return Answer("OK", outputs, version, seconds)

    async def _rest(self, protocol, model, body):
        start = time.perf_counter()
        async with self.session.post(
            f"/v1/models/{model}:predict", data=body
        ) as response:
            text = await response.read()
        seconds = time.perf_counter() - start
        code = _CODES.get(response.status, f"HTTP {response.status}")
        outputs = _outputs(protocol, text) if code == "OK" else text.decode()
        return Answer(code, outputs, None, seconds)


async def at_once(server, clients, work):
    """Runs `work(asker, number)` of that many clients side by side.

    Returns:
      All they counted.
    """
    counts = collections.Counter()

    async def one(number):
        async with Asker(server) as asker:
            await work(asker, number)
        counts.update(asker.counts)

    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(one(number))
    return counts


def rest_body(protocol, signature, inputs):
    """The JSON text of a request in "rows" or "columns"."""
    columns = {name: _plain(array) for name, array in inputs.items()}
    body = {"signature_name": signature}
    if protocol == "columns":
        body["inputs"] = columns
    else:
        values = zip(*columns.values(), strict=True)
        body["instances"] = [
            dict(zip(columns, row, strict=True)) for row in values
        ]
    return json.dumps(body)


def assert_answers(answer, expected, atol=1e-5):
    """Compares numbers, and of PNG files the pixels to one level."""
    assert answer.code == "OK", answer
    outputs = answer.outputs
    if not isinstance(outputs, dict):
        outputs = dict.fromkeys(expected, outputs)
    assert outputs.keys() == expected.keys()
    for name, array in expected.items():
        got, tolerance = outputs[name], atol
        if name.endswith("_bytes"):
            got, array, tolerance = _pixels(got), _pixels(array), 1
        np.testing.assert_allclose(got, array, rtol=0, atol=tolerance)


def _plain(array):
    array = np.asarray(array)
    if array.dtype != object:
        return array.tolist()
    return [{"b64": base64.b64encode(x).decode()} for x in array]


def _outputs(protocol, text):
    answer = json.loads(text, object_hook=_content)
    if protocol == "columns":
        value = answer["outputs"]
        if isinstance(value, dict):
            return {name: _array(column) for name, column in value.items()}
        return _array(value)
    rows = answer["predictions"]
    if isinstance(rows[0], dict):
        return {name: _array([row[name] for row in rows]) for name in rows[0]}
    return _array(rows)


def _content(item):
    if item.keys() == {"b64"}:
        return base64.b64decode(item["b64"])
    return item


def _array(value):
    # As objects first: an array of bytes drops the zeros at their ends.
    array = np.array(value, object)
    is_text = array.size and isinstance(array.flat[0], bytes)
    return array if is_text else array.astype(np.float32)


def _pixels(files):
    pictures = [np.asarray(Image.open(io.BytesIO(x))) for x in files.flat]
    return np.stack(pictures).astype(np.float32)
