"""HTTP connections of a client in an event loop."""

import asyncio
import os

import aiohttp
import yarl

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


class AsyncHttp:
    """A `Connection` of the event loop that sends first."""

    def __init__(self, address: str, tls: ClientTls | None, token: str | None):
        self._address = address.rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._ssl = ssl_context(tls) if tls else True
        self._session = None

    async def send(self, request: Request, seconds: float) -> bytes:
        if self._session is None:  # it belongs to the running loop
            self._session = aiohttp.ClientSession(headers=self._headers)
        call = self._session.request(
            "GET" if request.body is None else "POST",
            yarl.URL(self._address + request.path, encoded=True),
            data=request.body,
            ssl=self._ssl,
            timeout=aiohttp.ClientTimeout(total=seconds),
        )
        try:
            async with call as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _serving_error(self._address, error) from error
        if response.status != 200:
            raise http_error(response.status, body)
        return body

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _serving_error(address: str, error: Exception) -> ServingError:
    match error:
        case TimeoutError():
            return ServingError(Code.DEADLINE_EXCEEDED, "Deadline Exceeded")
        case aiohttp.ClientSSLError():
            return FailedTls(address, ssl_cause(error.__cause__))
        case aiohttp.ClientConnectorError(os_error=ConnectionError() as why):
            return NoServer(address, os.strerror(why.errno))
        case aiohttp.ClientConnectorError():
            return NoServer(address, error.strerror or str(error))
        case aiohttp.ClientResponseError():  # its text shows what came
            return OtherProtocol(address)
    return LostConnection(address, str(error))
