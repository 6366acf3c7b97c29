"""Who is reached, trusted and told; servers that come and go."""

import contextlib
import socket
import ssl
import threading
import time

import grpc
import numpy as np
import pytest
from served.certificates import new_authority, new_identity
from served.client_fakes import WAYS, FakeModel, client, fake_server

from tfdisent.errors import UsageError
from tfdisent.serving.client import ClientTls
from tfdisent.serving.client.wire import (
    FailedTls,
    OtherProtocol,
    Unreached,
)
from tfdisent.serving.status import Code, ServingError

CODES = np.ones((2, 3), np.float32)
NOBODY = (Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED)
AUTHORITY, STRANGER = new_authority(), new_authority("strangers")
SERVER, VISITOR = new_identity(AUTHORITY), new_identity(AUTHORITY, "visitor")


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """PEM files by name."""
    folder = tmp_path_factory.mktemp("pem")
    texts = {
        "root": AUTHORITY.pem,
        "stranger": STRANGER.pem,
        "server_key": SERVER.key,
        "server": SERVER.certificate,
        "visitor_key": VISITOR.key,
        "visitor": VISITOR.certificate,
        "broken": "no certificate",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return {name: folder / name for name in texts}


def tls_server(way, files, is_mutual):
    if way.endswith("grpc"):
        credentials = grpc.ssl_server_credentials(
            [(SERVER.key.encode(), SERVER.certificate.encode())],
            AUTHORITY.pem.encode() if is_mutual else None,
            is_mutual,
        )
        return fake_server(way, FakeModel(), credentials=credentials)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files["server"], files["server_key"])
    if is_mutual:
        context.load_verify_locations(files["root"])
        context.verify_mode = ssl.CERT_REQUIRED
    return fake_server(way, FakeModel(), context=context)


def test_tls_trusts_the_root_that_is_given(way, files):
    with tls_server(way, files, is_mutual=False) as address:
        with client(way, address, tls=ClientTls(files["root"])) as made:
            assert made.decode(CODES).shape == (2, 2, 2, 1)
        for tls in (ClientTls(files["stranger"]), ClientTls()):
            with (
                client(way, address, tls=tls, retries=0) as made,
                pytest.raises(FailedTls, match=address) as caught,
            ):
                made.versions()
            assert "certificate" in caught.value.message.lower()
            assert caught.value.code == Code.UNAVAILABLE


def test_tls_shows_a_certificate(way, files):
    whole = ClientTls(files["root"], files["visitor"], files["visitor_key"])
    with tls_server(way, files, is_mutual=True) as address:
        with client(way, address, tls=whole) as made:
            assert made.decode(CODES).shape == (2, 2, 2, 1)
        with (
            client(
                way, address, tls=ClientTls(files["root"]), retries=0
            ) as made,
            pytest.raises(ServingError) as caught,
        ):
            made.versions()
        assert caught.value.code == Code.UNAVAILABLE


@pytest.mark.parametrize(
    "names, text",
    [
        (["nowhere"], "nowhere cannot be read"),
        (["broken"], "broken: not all are cert"),
        (["root", "broken", "visitor_key"], "broken, .*: not all are cert"),
        (["root", "visitor", "server_key"], "visitor, .*: not all are cert"),
        (["root", "visitor"], "visitor was given alone"),
        (["root", None, "visitor_key"], "visitor_key was given alone"),
    ],
)
def test_files_that_are_no_certificates_are_named(way, files, names, text):
    address = "localhost:1" if "grpc" in way else "https://localhost:1"
    tls = ClientTls(*(name and files.get(name, name) for name in names))
    with pytest.raises(UsageError, match=text), client(way, address, tls=tls):
        pass


def test_a_token_is_shown(way):
    model = FakeModel()
    with fake_server(way, model) as address:
        with client(way, address, token="s3cret") as made:
            made.decode(CODES)
        with client(way, address) as made:
            made.versions()
    assert model.tokens == ["Bearer s3cret"] * 2 + [None]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_nobody_there_is_one_sentence_with_the_address(way):
    address = f"127.0.0.1:{free_port()}"
    if "rest" in way:
        address = f"http://{address}"
    with (
        client(way, address, retries=1) as made,
        pytest.raises(ServingError) as caught,
    ):
        made.encode(np.zeros((1, 2, 2, 1)))
    assert caught.value.code == Code.UNAVAILABLE
    message = caught.value.message
    assert message.startswith(f"no server answers at {address} (")
    assert "refused" in message and "\n" not in message
    assert len(message) < 150


def test_a_server_may_be_restarted_between_calls(way):
    model, port = FakeModel(), free_port()
    at = "127.0.0.1" if "grpc" in way else "http://127.0.0.1"
    with client(way, f"{at}:{port}") as made:
        for _ in range(3):
            with fake_server(way, model, port=port):
                assert made.decode(CODES).shape == (2, 2, 2, 1)
            with pytest.raises(ServingError) as caught:
                made.versions(timeout=0.3)
            assert caught.value.code in NOBODY


@contextlib.contextmanager
def raw_server(answer):
    """Calls a function with each connection that has sent something."""

    def heard(connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(2**16)
            answer(connection)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=heard, args=[connection]).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def closing_server(content):
    return raw_server(lambda connection: connection.sendall(content))


@contextlib.contextmanager
def dribbling_server(body):
    """Answers any request by a header, then a byte each 20 ms."""
    is_over = threading.Event()

    def answer(connection):
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode())
        for byte in body:
            if is_over.wait(0.02):
                return
            connection.sendall(bytes([byte]))

    with raw_server(answer) as address:
        yield address
        is_over.set()


def test_what_ends_a_connection_is_one_short_sentence():
    """Blocking or not, in the same words where the cause is known."""
    said = {
        b"": "was lost .*(closed|disconnected)",
        b"SSH-2.0-OpenSSH_9.2\r\n": "speaks no HTTP/1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[": "was lost .*(9|8)",
    }
    for content, cause in said.items():
        for way in ("rest", "async rest"):
            with (
                closing_server(content) as address,
                client(way, address, retries=0) as made,
                pytest.raises(Unreached, match=cause) as caught,
            ):
                made.versions()
            assert address in str(caught.value)
            assert "\n" not in str(caught.value)


def test_the_other_port_of_a_server_is_told(way):
    with contextlib.ExitStack() as stack:
        other = "rest" if "grpc" in way else "grpc"
        address = stack.enter_context(fake_server(other, FakeModel()))
        address = address.removeprefix("http://")
        if "rest" in way:
            address = f"http://{address}"
        made = stack.enter_context(client(way, address, retries=0, timeout=5))
        with pytest.raises(OtherProtocol) as caught:
            made.versions()
    right = address.removeprefix("http://")
    if "grpc" in way:
        right = f"http://{right}"
    assert str(caught.value).startswith(f"{address} speaks ")
    assert str(caught.value).endswith(f", give {right}")


@pytest.mark.parametrize("way", ["rest", "async rest"])
def test_an_answer_in_dribs_ends_with_the_time(way):
    body = b'{"model_version_status": []}'
    with dribbling_server(body) as address, client(way, address) as made:
        assert made.versions() == []
    with dribbling_server(body * 20) as address, client(way, address) as made:
        begin = time.monotonic()
        with pytest.raises(ServingError) as caught:
            made.versions(timeout=0.5)
        assert 0.4 < time.monotonic() - begin < 10
        assert caught.value.code == Code.DEADLINE_EXCEEDED
