"""Blocking HTTP connections of a client."""

import time

import urllib3

from tfdisent.serving.client.rest_wire import http_error
from tfdisent.serving.client.tls import ssl_context
from tfdisent.serving.client.wire import ClientTls, NoServer, Request
from tfdisent.serving.status import Code, ServingError

_KEPT = 32  # Connections of as many threads are used again.


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
        try:
            response = self._pool.request(
                "GET" if request.body is None else "POST",
                self._address + request.path,
                body=request.body,
                headers=self._headers,
                timeout=urllib3.Timeout(total=seconds),
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise _serving_error(self._address, error) from error
        if response.status != 200:
            raise http_error(response.status, response.data)
        return response.data

    async def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    async def close(self) -> None:
        self._pool.clear()


def _serving_error(
    address: str, error: urllib3.exceptions.HTTPError
) -> ServingError:
    cause = str(error).rpartition("object at 0x")[2].partition(": ")[2]
    cause = cause or str(error)
    match error:
        case urllib3.exceptions.NewConnectionError():  # before timeouts
            return NoServer(address, cause)
        case urllib3.exceptions.SSLError():
            return NoServer(address, cause)
        case urllib3.exceptions.TimeoutError():
            return ServingError(Code.DEADLINE_EXCEEDED, "Deadline Exceeded")
    text = f"the connection to {address} was lost ({cause})"
    return ServingError(Code.UNAVAILABLE, text)
