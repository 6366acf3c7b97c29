"""REST servers for tests, in a thread of this process."""

import asyncio
import contextlib
import functools
import http.client
import json
import socket
import threading
from typing import Any, NamedTuple
from unittest import mock

from served.grpc_servers import Recorder

from tfdisent.serving.inference.servable import Servable
from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.app import rest_app
from tfdisent.serving.rest.connection import RestRunner
from tfdisent.serving.versions import loader
from tfdisent.serving.versions.manager import ModelManager

LIMITS = Limits(body_bytes=2**20, elements=2**16, rows=64, read_seconds=20)


class Answer(NamedTuple):
    """What came back over HTTP."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The text of an error; it is all that the body holds."""
        assert self.headers["content-type"].startswith("application/json")
        (key,) = self.json
        assert key == "error"
        return self.json["error"]


class Client(NamedTuple):
    """One server's address."""

    host: str
    port: int

    def send(self, method, path, body=None, headers=None):
        """Sends one request on a connection of its own."""
        connection = http.client.HTTPConnection(*self, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            return _answer(connection.getresponse())

    def get(self, path, **headers):
        return self.send("GET", path, headers=headers)

    def predict(self, body, model="tiny", headers=None):
        """Sends a body, which is JSON or made JSON."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        path = f"/v1/models/{model}:predict"
        return self.send("POST", path, body, headers)

    def raw(self, content, half_close=False):
        """Sends bytes, then reads all answers until the server closes."""
        with self.connect() as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(content)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def connect(self):
        return socket.create_connection(self, timeout=30)


def _answer(response):
    headers = {k.lower(): v for k, v in response.getheaders()}
    return Answer(response.status, headers, response.read())


def read_all(connection):
    """All that comes before the other end closes, or resets."""
    pieces = []
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(2**16):
            pieces.append(piece)
    return b"".join(pieces)


class Embedded(NamedTuple):
    """A server in this process."""

    client: Client
    manager: Any
    observed: list
    runner: RestRunner
    loop: asyncio.AbstractEventLoop


@contextlib.contextmanager
def embedded(manager=None, *, config=None, limits=LIMITS, **options):
    """Serves a manager, or a `ModelServerConfig`, from a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    recorder = options.pop("monitoring", Recorder())
    made = manager is None

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)

    async def start():
        served = manager
        if made:
            load = functools.partial(Servable, limits=limits)
            served = ModelManager(
                config,
                load=load,
                poll_seconds=0,
                allow_labels_for_unavailable=True,
            )
            await served.start()
        app = rest_app(served, limits, recorder, **options)
        runner = RestRunner(app, limits, grace_seconds=0)
        await runner.setup()
        port = await runner.listen("127.0.0.1", 0)
        return served, runner, port

    async def stop(served, runner):
        await runner.cleanup()
        if made:
            await served.stop()

    try:
        # Seconds, with Python's TensorFlow in the process.
        with mock.patch.object(loader, "tidy_memory"):
            served, runner, port = run(start())
        try:
            client = Client("127.0.0.1", port)
            observed = getattr(recorder, "observed", None)
            yield Embedded(client, served, observed, runner, loop)
        finally:
            with mock.patch.object(loader, "tidy_memory"):
                run(stop(served, runner))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
