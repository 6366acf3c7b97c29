"""Connections of a client to a gRPC server, blocking and not."""

import asyncio
import re
import time
from types import ModuleType
from typing import Any

import grpc
import grpc.aio

from tfdisent.serving.client.tls import in_words, pem, ssl_context
from tfdisent.serving.client.wire import (
    ClientTls,
    FailedTls,
    NoServer,
    OtherProtocol,
    Request,
)
from tfdisent.serving.status import Code, ServingError

_OPTIONS = [
    # grpc's own limit is 4 MiB, under which pieces stay; one row may not.
    ("grpc.max_receive_message_length", 64 * 2**20),
    # A server that was restarted is found again at once, not in seconds.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # Each client has a connection of its own.
    ("grpc.use_local_subchannel_pool", 1),
]
_TLS = re.compile(r"OPENSSL_internal:(\w+)")
_UNREACHED = ("failed to connect", "DNS resolution", "errors resolving")


class BlockingGrpc:
    """A `Connection` that blocks the thread instead of waiting."""

    def __init__(self, address: str, tls: ClientTls | None, token: str | None):
        self._address = address
        self._metadata = _metadata(token)
        self._channel = _open(grpc, address, _credentials(tls))

    async def send(self, request: Request, seconds: float) -> bytes:
        call = self._channel.unary_unary(request.path)
        try:
            return call(request.body, timeout=seconds, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _serving_error(self._address, error) from error

    async def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    async def close(self) -> None:
        self._channel.close()


class AsyncGrpc:
    """A `Connection` of the event loop that sends first."""

    def __init__(self, address: str, tls: ClientTls | None, token: str | None):
        self._address = address
        self._credentials = _credentials(tls)
        self._metadata = _metadata(token)
        self._channel = None

    async def send(self, request: Request, seconds: float) -> bytes:
        if self._channel is None:  # it belongs to the running loop
            self._channel = _open(grpc.aio, self._address, self._credentials)
        call = self._channel.unary_unary(request.path)
        try:
            return await call(
                request.body, timeout=seconds, metadata=self._metadata
            )
        except grpc.RpcError as error:
            raise _serving_error(self._address, error) from error

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()


def _credentials(tls: ClientTls | None) -> grpc.ChannelCredentials | None:
    if tls is None:
        return None
    ssl_context(tls)  # grpc ends the process over files that are wrong
    return grpc.ssl_channel_credentials(
        root_certificates=pem(tls.root_certificate),
        private_key=pem(tls.key),
        certificate_chain=pem(tls.certificate),
    )


def _open(
    library: ModuleType,
    address: str,
    credentials: grpc.ChannelCredentials | None,
) -> Any:
    """A channel of `grpc` or `grpc.aio`; it connects with the first call."""
    if credentials is None:
        return library.insecure_channel(address, _OPTIONS)
    return library.secure_channel(address, credentials, _OPTIONS)


def _metadata(token: str | None) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")] if token else []


def _serving_error(address: str, error: grpc.RpcError) -> ServingError:
    text = error.details() or ""
    if found := _TLS.search(text):
        return FailedTls(address, in_words(found[1]))
    if "Failed parsing HTTP/2" in text:
        return OtherProtocol(address)
    if text.startswith(_UNREACHED):
        # The cause is last, after addresses and who found out.
        return NoServer(address, text.rpartition(": ")[2].rstrip("]"))
    return ServingError(Code(error.code().value[0]), text)
