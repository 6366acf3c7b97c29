"""TLS for gRPC and REST; a server answers "served" to whom it trusts."""

import asyncio
import contextlib
import os
import ssl
import warnings

import grpc
import pytest
from google.protobuf import text_format
from served.certificates import new_authority, new_identity

from tfdisent.errors import UsageError
from tfdisent.export.messages import SSLConfig
from tfdisent.serving.tls import Tls

AUTHORITY = new_authority()
GOOD = new_identity(AUTHORITY)


def write(path, identity, **fields):
    config = SSLConfig(
        server_key=identity.key, server_cert=identity.certificate, **fields
    )
    # By one rename, as one that replaces a certificate should.
    new = path.with_suffix(".new")
    new.write_text(text_format.MessageToString(config))
    os.replace(new, path)
    return path


@contextlib.asynccontextmanager
async def grpc_server(tls):
    async def answer(request, context):
        return b"served"

    method = grpc.unary_unary_rpc_method_handler(answer)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler("Work", {"Do": method})]
    )
    port = server.add_secure_port("127.0.0.1:0", tls.grpc_credentials())
    await server.start()
    yield port
    await server.stop(None)


@contextlib.asynccontextmanager
async def rest_server(tls):
    async def answer(reader, writer):
        with contextlib.suppress(OSError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"served")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(
        answer, "127.0.0.1", 0, ssl=tls.rest_context()
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask_grpc(port, trusted, own=None):
    pair = (own.key.encode(), own.certificate.encode()) if own else ()
    credentials = grpc.ssl_channel_credentials(trusted.pem.encode(), *pair)
    # A pool of its own, or a new channel would take the old connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel(
        f"127.0.0.1:{port}", credentials, options
    ) as channel:
        try:
            return await channel.unary_unary("/Work/Do")(b"", timeout=20)
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
            return b"refused"


async def ask_rest(port, trusted, own=None, tmp_path=None):
    context = ssl.create_default_context(cadata=trusted.pem)
    if own:
        pem = tmp_path / "own.pem"
        pem.write_text(own.key + own.certificate)
        context.load_cert_chain(pem)
    return await ask_with(port, context)


async def ask_with(port, context):
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context
        )
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        answer = await reader.read()
        writer.close()
    except OSError:  # which SSLError is one of
        return b"refused"
    return answer or b"refused"


async def both(tls, tmp_path, *asked):
    """What gRPC and REST answer to each (authority, identity) in turn."""
    answers = []
    async with grpc_server(tls) as port, rest_server(tls) as rest_port:
        for change, trusted, own in asked:
            if change:
                change()
            on_grpc = await ask_grpc(port, trusted, own)
            on_rest = await ask_rest(rest_port, trusted, own, tmp_path)
            assert on_grpc == on_rest
            answers.append(on_grpc.decode())
    return answers


def answers(path, *asked):
    return asyncio.run(both(Tls(path), path.parent, *asked))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ssl.txt"


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        (GOOD, "served"),
        (new_identity(AUTHORITY, days=-1), "refused"),
        (new_identity(AUTHORITY, "elsewhere.example"), "refused"),
        (new_identity(new_authority()), "refused"),
    ],
    ids=["good", "expired", "wrong host", "unknown authority"],
)
def test_a_client_takes_a_good_certificate_only(path, identity, answer):
    assert answers(write(path, identity), (None, AUTHORITY, None)) == [answer]


def test_clients_may_have_to_show_a_certificate(path):
    write(path, GOOD, custom_ca=AUTHORITY.pem, client_verify=True)
    known = new_identity(AUTHORITY, "client")
    stranger = new_identity(new_authority(), "client")
    expired = new_identity(AUTHORITY, "client", days=-1)
    asked = [(None, AUTHORITY, o) for o in (known, None, stranger, expired)]
    assert answers(path, *asked) == ["served"] + ["refused"] * 3


def test_a_new_file_counts_for_the_next_connection(path, caplog):
    other = new_authority()
    write(path, GOOD)
    asked = [
        (None, AUTHORITY, None),
        (lambda: write(path, new_identity(other)), other, None),
        (None, AUTHORITY, None),
        # A file with a fault, or none, changes nothing.
        (lambda: path.write_text("server_key: 1"), other, None),
        (lambda: write(path, GOOD._replace(key="")), other, None),
        (
            lambda: write(path, GOOD, custom_ca=other.pem, client_verify=True),
            *(other, None),
        ),
        (path.unlink, other, None),
        (lambda: write(path, GOOD), AUTHORITY, None),
    ]
    given = ["served", "served", "refused"] + ["served"] * 5
    assert answers(path, *asked) == given
    warned = [r.message for r in caplog.records if r.levelname == "WARNING"]
    assert len(warned) == 4
    assert all("The old certificate stays." in each for each in warned)


def test_a_new_file_brings_the_authority_of_clients_too(path):
    write(path, GOOD, custom_ca=AUTHORITY.pem, client_verify=True)
    other = new_authority("others")
    old = new_identity(AUTHORITY, "client")
    new = new_identity(other, "client")

    def rotate():
        write(path, GOOD, custom_ca=other.pem, client_verify=True)

    asked = [(None, AUTHORITY, old), (rotate, AUTHORITY, old)]
    asked.append((None, AUTHORITY, new))
    assert answers(path, *asked) == ["served", "refused", "served"]


@pytest.mark.parametrize("server", [grpc_server, rest_server])
def test_old_tls_and_plain_text_are_refused(path, server):
    async def ask():
        async with server(Tls(write(path, GOOD))) as port:
            context = ssl.create_default_context(cadata=AUTHORITY.pem)
            context.set_alpn_protocols(["h2"])
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings(action="ignore"):
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            assert await ask_with(port, context) == b"refused"
            plain = await ask_with(port, None)
            assert b"served" not in plain
            # With the rest as it was, what it refused was the version.
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            assert await ask_with(port, context) != b"refused"

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must hold a private key"),
        ("server_key: 3", "is no SSLConfig in text form .line 1."),
        ("nothing: 'x'", "is no SSLConfig in text form .line 1."),
        (
            text_format.MessageToString(
                SSLConfig(
                    server_key=new_identity(AUTHORITY).key,
                    server_cert=GOOD.certificate,
                )
            ),
            "KEY_VALUES_MISMATCH",
        ),
        ("client_verify: true", "client_verify but no custom_ca"),
    ],
    ids=["empty", "number", "field", "other's key", "no authority"],
)
def test_a_file_with_a_fault_is_named(path, text, said):
    path.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        Tls(path)
    assert str(path) in str(caught.value)
    assert "-----" not in str(caught.value)


def test_a_key_with_a_password_asks_nobody(path):
    text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n"
    path.write_text(
        text_format.MessageToString(
            SSLConfig(server_key=text, server_cert=GOOD.certificate)
        )
    )
    with pytest.raises(UsageError, match="without a password"):
        Tls(path)


def test_a_missing_file_is_named(path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        Tls(path)
