"""Bodies that are too large, packed, broken or slow."""

import contextlib
import gzip
import json
import resource
import zlib

import pytest
from served.rest_servers import LIMITS, embedded

from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.body import inflate
from tfdisent.serving.status import ServingError
from tfdisent.serving.versions.model_config import read_model_config

GOOD = json.dumps({"instances": [[[[0.0, 1.0]] * 3] * 4]}).encode()
POST = b"POST /v1/models/tiny:predict HTTP/1.1\r\nHost: a\r\n"


def packed(content):
    """The same each time: it names a test."""
    return gzip.compress(content, mtime=0)


@pytest.fixture(scope="module")
def client(config_file):
    config = read_model_config(config_file)
    limits = LIMITS._replace(read_seconds=1)
    with embedded(config=config, limits=limits) as server:
        yield server.client


@pytest.fixture(autouse=True)
def still_answers(client):
    yield
    assert client.predict(GOOD).status == 200


def chunked(pieces, end=b"0\r\n\r\n"):
    chunks = (b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"".join(chunks) + end


def status(raw):
    assert raw.startswith(b"HTTP/1."), raw
    return int(raw.split()[1])


def test_the_limit_is_exact(client):
    size = LIMITS.body_bytes
    assert client.predict(GOOD.ljust(size)).status == 200
    answer = client.predict(GOOD.ljust(size + 1))
    assert answer.status == 413
    assert answer.error == f"The body is larger than {size} bytes."


def test_the_limit_counts_chunks(client):
    head = POST + b"Transfer-Encoding: chunked\r\n"
    whole = head + b"Connection: close\r\n\r\n"
    parts = [GOOD, b" " * (2**20 - len(GOOD))]
    assert status(client.raw(whole + chunked(parts))) == 200
    assert status(client.raw(whole + chunked([*parts, b" "]))) == 413
    # Endless, and nobody waits for the end.
    piece = chunked([b" " * 2**16], end=b"")
    with client.connect() as connection:
        connection.sendall(head + b"\r\n")
        with pytest.raises(ConnectionError):  # noqa: PT012
            for _ in range(10**6):
                connection.sendall(piece)


@pytest.mark.parametrize("length", [2**20 + 1, 2**62, 2**64 - 2, 10**30])
def test_a_length_alone_is_enough(client, length):
    raw = client.raw(POST + b"Content-Length: %d\r\n\r\n{" % length)
    assert status(raw) in (400, 413)
    assert b'"error"' in raw


def test_what_follows_a_body_is_another_request(client):
    raw = client.raw(POST + b"Content-Length: 5\r\n\r\n" + GOOD)
    assert status(raw) == 400


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\n",
        b"-1\r\n",
        b"5\r\n{}\r\n0\r\n\r\n",
        b"2\n{}\n",
        b"2 \r\n{}\r\n",
    ],
)
def test_broken_chunks(client, chunks):
    raw = client.raw(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    if raw:  # or what came is not a whole chunk, and the time ran out
        assert status(raw) in (400, 408)


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        ("gzip", packed(GOOD), 200),
        ("GZip", packed(GOOD), 200),
        ("x-gzip", packed(GOOD), 200),
        ("deflate", zlib.compress(GOOD), 200),
        ("identity", GOOD, 200),
        ("gzip", GOOD, 400),
        ("gzip", b"", 400),
        ("gzip", packed(b""), 400),
        ("gzip", packed(GOOD)[:-1], 400),
        ("gzip", packed(GOOD)[:-9] + b"\0" * 9, 400),
        ("gzip", packed(GOOD) + b"x", 400),
        ("gzip", packed(GOOD[:9]) + packed(GOOD[9:]), 200),
        ("gzip", packed(GOOD) + packed(b" " * 2**20), 413),
        ("gzip", packed(GOOD) + packed(b" ")[:-1], 400),
        ("gzip", packed(packed(GOOD)), 400),
        ("gzip, gzip", packed(packed(GOOD)), 415),
        ("deflate", b"\xff" * 100, 400),
        ("br", GOOD, 415),
        ("zstd", GOOD, 415),
        ("\x7fgz\xff", GOOD, 400),
        ("gzip", packed(GOOD.ljust(2**20)), 200),
        ("gzip", packed(GOOD.ljust(2**20 + 1)), 413),
    ],
)
def test_packed_bodies(client, encoding, body, expected):
    answer = client.predict(body, headers={"Content-Encoding": encoding})
    assert answer.status in (expected, 415 if encoding[0] == "\x7f" else 0)
    if expected != 200:
        assert answer.error


def test_a_bomb_takes_no_memory(client):
    bomb = packed(b" " * 200 * 2**20)
    assert len(bomb) < 2**18
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(5):
        answer = client.predict(bomb, headers={"Content-Encoding": "gzip"})
        assert answer.status == 413
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 32 * 1024  # kB


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_inflates_up_to_the_limit(size):
    limits = Limits(body_bytes=100)
    body = packed(b"a" * size)
    assert inflate(body, "gzip", limits) == b"a" * size
    with pytest.raises(ServingError):
        inflate(packed(b"a" * 101), "gzip", limits)


def test_members_are_inflated_one_after_another():
    limits = Limits(body_bytes=5000)
    member = gzip.compress(b"a")
    assert inflate(member * 4096, "gzip", limits) == b"a" * 4096
    with pytest.raises(ServingError, match="not valid gzip"):
        inflate(member * 4097, "gzip", limits)
    large = gzip.compress(b"a" * 3000)
    with pytest.raises(ServingError, match="larger than 5000"):
        inflate(large * 2, "gzip", limits)


def test_large_bodies_share_their_room(client):
    size = LIMITS.body_bytes
    head = POST + b"Content-Length: %d\r\n\r\n" % size
    with contextlib.ExitStack() as stack:
        refused = []
        held = [stack.enter_context(client.connect()) for _ in range(8)]
        for connection in held:
            with contextlib.suppress(ConnectionError):
                connection.sendall(head + b" " * (size - 1))
        # Small ones find room, whatever the others hold.
        assert client.predict(GOOD).status == 200
        for connection in held:
            raw = connection.recv(2**16)
            refused.append(status(raw))
    assert refused.count(503) == 4
    assert refused.count(408) == 4
    assert client.predict(GOOD.ljust(size)).status == 200


def test_a_slow_body_is_cut(client):
    with client.connect() as connection:
        connection.sendall(POST + b"Content-Length: 100\r\n\r\n")
        raw = b""
        connection.settimeout(0.2)
        while not raw:
            connection.sendall(b" ")
            try:
                raw = connection.recv(2**16)
            except TimeoutError:
                continue
        assert status(raw) == 408
        assert b'"error"' in raw


def test_an_answer_may_come_before_the_body(client):
    head = POST.replace(b"tiny:predict", b"tiny:oops")
    raw = client.raw(head + b"Content-Length: 1000\r\n\r\n{")
    assert status(raw) == 400
    assert b"Malformed request: POST" in raw
