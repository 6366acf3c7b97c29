"""Blocking HTTP connections of a client."""

import http.client
import time

import urllib3

from tfdisent.serving.client.rest_wire import http_error
from tfdisent.serving.client.tls import ssl_cause, ssl_context
from tfdisent.serving.client.wire import (
    ClientTls,
    FailedTls,
    LostConnection,
    NoServer,
    OtherProtocol,
    Request,
)
from tfdisent.serving.status import Code, ServingError

_KEPT = 32  # Connections of as many threads are used again.
_PIECE_BYTES = 2**20


class BlockingHttp:
    """A `Connection` that blocks the thread instead of waiting."""

    def __init__(self, address: str, tls: ClientTls | None, token: str | None):
        self._address = address.rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        context = ssl_context(tls) if tls else None
        self._pool = urllib3.PoolManager(maxsize=_KEPT, ssl_context=context)

    async def send(self, request: Request, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        try:
            response = self._pool.request(
                "GET" if request.body is None else "POST",
                self._address + request.path,
                body=request.body,
                headers=self._headers,
                timeout=urllib3.Timeout(total=seconds),
                retries=False,
                preload_content=False,
            )
            body = _read(response, deadline)
        except urllib3.exceptions.HTTPError as error:
            raise _serving_error(self._address, error) from error
        if response.status != 200:
            raise http_error(response.status, body)
        return body

    async def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    async def close(self) -> None:
        self._pool.clear()


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    # The timeout is of each read, and a server may send byte by byte.
    pieces = []
    while piece := response.read1(_PIECE_BYTES):
        pieces.append(piece)
        if time.monotonic() > deadline:
            response.close()
            raise urllib3.exceptions.TimeoutError("Deadline Exceeded")
    return b"".join(pieces)


def _serving_error(
    address: str, error: urllib3.exceptions.HTTPError
) -> ServingError:
    # An error of the system or of http.client is inside.
    cause = error.__cause__ or error.args[-1]
    text = getattr(cause, "strerror", None) or str(cause)
    match error, cause:
        case urllib3.exceptions.NewConnectionError(), _:  # before timeouts
            return NoServer(address, text)
        case urllib3.exceptions.SSLError(), _:
            return FailedTls(address, ssl_cause(cause))
        case urllib3.exceptions.TimeoutError(), _:
            return ServingError(Code.DEADLINE_EXCEEDED, "Deadline Exceeded")
        case _, http.client.RemoteDisconnected():  # is a BadStatusLine
            return LostConnection(address, text)
        case _, http.client.BadStatusLine():
            return OtherProtocol(address)
    return LostConnection(address, text)
