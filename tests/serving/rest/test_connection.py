"""Clients that are slow, rude or gone do no harm to the others."""

import asyncio
import json
import os
import re
import socket
import threading
import time

import numpy as np
import pytest
from served.rest_servers import LIMITS, embedded, read_all

from tfdisent.serving.versions.model_config import read_model_config

GOOD = json.dumps({"instances": [[[[0.0, 1.0]] * 3] * 4]}).encode()
POST = b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
WHOLE = POST + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD


@pytest.fixture(scope="module")
def server(config_file):
    config = read_model_config(config_file)
    limits = LIMITS._replace(read_seconds=1)
    with embedded(config=config, limits=limits) as started:
        started.client.predict(GOOD)
        before = resources()
        yield started
        started.client.predict(GOOD)
        until(lambda: resources() <= before)


@pytest.fixture
def client(server):
    yield server.client
    assert server.client.predict(GOOD).status == 200


def resources():
    """Descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def statuses(raw):
    """Of all answers in the bytes."""
    return [int(code) for code in re.findall(rb"HTTP/1.. (\d+) ", raw)]


@pytest.mark.parametrize(
    "content",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /v1/models/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /v1/models/a\0b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /v1/models/a\rX: b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n",
        GET + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        GET + b"a" * 100_000 + b": a\r\n\r\n",
        GET + b"".join(b"X%d: a\r\n" % i for i in range(10_000)) + b"\r\n",
        GET + b"X : a\r\n\r\n",
        GET + b" X: a\r\n\r\n",
        GET + b"X: a\0b\r\n\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        POST + b"Content-Length: 2, 2\r\n\r\n{}",
        POST + b"Content-Length: -2\r\n\r\n{}",
        POST + b"Content-Length: +2\r\n\r\n{}",
        POST + b"Content-Length: 0x2\r\n\r\n{}",
        POST
        + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ],
    ids=lambda content: repr(content[-40:]),
)
def test_what_is_no_http_is_refused(client, content):
    raw = client.raw(content + b"\r\n\r\n")
    assert raw
    head, _, body = raw.partition(b"\r\n\r\n")
    assert int(head.split()[1]) in (400, 431), raw
    assert b"application/json" in head
    assert len(json.loads(body.split(b"HTTP/1")[0])["error"]) < 200
    assert b"aiohttp" not in raw


def test_pipelined_requests_are_answered_in_order(client):
    last = WHOLE.replace(b"Host", b"Connection: close\r\nHost")
    raw = client.raw(WHOLE * 50 + GET + b"\r\n" + last)
    assert statuses(raw) == [200] * 52
    assert raw.count(b"predictions") == 51


@pytest.mark.parametrize(
    "request_line", [b"OPTIONS * HTTP/1.1", b"CONNECT a:1 HTTP/1.1"]
)
def test_other_forms_of_targets(client, request_line):
    raw = client.raw(request_line + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert statuses(raw) == [404]
    assert b'"error"' in raw


def test_expectations(client):
    length = b"Content-Length: %d\r\nConnection: close\r\n" % len(GOOD)
    raw = client.raw(POST + length + b"Expect: 100-continue\r\n\r\n" + GOOD)
    assert statuses(raw) == [100, 200]
    raw = client.raw(POST + length + b"Expect: a pony\r\n\r\n" + GOOD)
    assert statuses(raw) == [417]
    assert b'"error"' in raw


def test_slow_headers_are_cut(client):
    with client.connect() as connection:
        connection.sendall(GET + b"X: ")
        start = time.monotonic()
        with pytest.raises(ConnectionError):  # noqa: PT012
            while time.monotonic() < start + 30:
                connection.sendall(b"a")
                time.sleep(0.1)
        assert time.monotonic() - start < 20


def test_idle_connections_are_cut_and_cost_nobody(client):
    connections = []
    try:
        for i in range(500):
            connections.append(client.connect())
            if i % 2:  # idle after an answer
                connections[i].sendall(GET + b"\r\n")
                assert statuses(connections[i].recv(2**16)) == [200]
        assert client.predict(GOOD).status == 200
        for connection in connections:
            assert not read_all(connection)
    finally:
        for connection in connections:
            connection.close()


class Large:
    """A manager whose only answer has 16 MB."""

    def __init__(self, signatures):
        self.signatures = signatures
        self.name, self.version = "m", 1
        self.wait = None
        self.begun = threading.Event()
        self.users = 0

    def is_ready(self):
        return True

    def using(self, name, version=None, label=None):
        return self

    def __enter__(self):
        self.users += 1
        return self

    def __exit__(self, *error):
        self.users -= 1

    async def predict(self, signature, inputs):
        self.begun.set()
        if self.wait:
            await asyncio.Event().wait()
        return {"x": np.full(2**22, 0.5, np.float32)}


@pytest.fixture
def large(server):
    with server.manager.using("tiny") as servable:
        manager = Large(servable.signatures)
    limits = LIMITS._replace(read_seconds=1)
    with embedded(manager, limits=limits) as started:
        yield started


def test_who_never_reads_the_answer_is_cut(large):
    before = resources()
    connections = [large.client.connect() for _ in range(3)]
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(WHOLE)
    try:
        # Theirs remain, those of the server go.
        until(lambda: len(large.observed) == 3)
        until(lambda: resources() <= before + 3)
        assert large.client.predict(GOOD).status == 200
    finally:
        for connection in connections:
            connection.close()


def test_no_answer_waits_in_the_process(server, client):
    """There it would keep its connection, also when that is closed."""
    with client.connect() as connection:
        connection.sendall(GET + b"\r\n")
        assert statuses(connection.recv(2**16)) == [200]
        found = [x.transport for x in server.runner.server.connections]
        limits = {x.get_write_buffer_limits() for x in found if x}
    assert limits == {(0, 0)}


def test_who_reads_gets_all_of_it(large):
    answer = large.client.predict(GOOD)
    assert answer.json == {"predictions": [0.5] * 2**22}


def test_a_request_ends_when_its_client_goes(large):
    large.manager.wait = True
    with large.client.connect() as connection:
        connection.sendall(WHOLE)
        assert large.manager.begun.wait(30)
        assert large.manager.users == 1
    until(lambda: not large.manager.users)
    until(lambda: large.observed)
    assert large.observed == [("tiny", 1, "REST", "Predict", "CANCELLED")]


def test_a_client_may_go_at_any_time(client):
    for end in range(0, len(WHOLE), 7):
        with client.connect() as connection:
            connection.sendall(WHOLE[:end])
            # So that the other end sees a reset and no end of file.
            linger = b"\1\0\0\0\0\0\0\0" if end % 2 else b"\0" * 8
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
