"""HTTP connections that no client can hold for ever or crash."""

import asyncio
import logging
import ssl

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.errors import HttpError, error_response
from tfdisent.serving.status import Code

_MAX_LINGERING_SECONDS = 10.0
_log = logging.getLogger(__name__)


class RestRunner(web.AppRunner):
    """Runs `rest_app`.

    A connection that is idle, or has not sent its next request's headers,
    is closed after `read_seconds`. What is not HTTP gets an error in JSON. A
    request ends when its client goes.

    Args:
      app: from `rest_app`.
      limits: of the server.
      grace_seconds: that `cleanup` waits for requests in flight.
    """

    def __init__(
        self,
        app: web.Application,
        limits: Limits,
        *,
        grace_seconds: float = 30.0,
    ):
        super().__init__(app, shutdown_timeout=grace_seconds)
        self._limits = limits
        self._listener: asyncio.Server | None = None

    async def listen(
        self, host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> int:
        """Listens, after `setup` and until `cleanup`.

        aiohttp's own sites would leave a TLS handshake a minute.

        Args:
          host: address or name.
          port: 0 for any free one.
          tls: for none but encrypted connections.

        Returns:
          The port.

        Raises:
          OSError: the port cannot be had.
        """
        self._listener = await asyncio.get_running_loop().create_server(
            *(self.server, host, port),
            ssl=tls,
            ssl_handshake_timeout=self._limits.read_seconds if tls else None,
            backlog=128,
        )
        return self._listener.sockets[0].getsockname()[1]

    async def cleanup(self) -> None:
        """Closes all; requests that are being answered have `grace_seconds`."""
        if self._listener:
            self._listener.close()
        await super().cleanup()

    async def _make_server(self) -> web.Server:
        return _Server(await super()._make_server(), self._limits)


class _Server(web.Server):
    def __init__(self, server: web.Server, limits: Limits):
        super().__init__(
            server.request_handler,
            request_factory=server.request_factory,
            handler_cancellation=True,
        )
        self._limits = limits

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, self._limits)


class _Connection(web.RequestHandler):
    __slots__ = ("_write_seconds",)

    def __init__(self, server: web.Server, limits: Limits):
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=limits.read_seconds,
            # So long a client may go on sending what was refused.
            lingering_time=min(limits.read_seconds, _MAX_LINGERING_SECONDS),
        )
        self._write_seconds = limits.read_seconds

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        # An answer counts as written when the system has all of it: what is
        # left in a buffer here would keep a connection that nobody reads.
        transport.set_write_buffer_limits(0)

    async def finish_response(
        self,
        request: web.BaseRequest,
        resp: web.StreamResponse,
        start_time: float | None,
    ) -> tuple[web.StreamResponse, bool]:
        if isinstance(resp, web.HTTPException):  # aiohttp's own, in text
            text = resp.reason
            code = Code.INVALID_ARGUMENT
            resp = error_response(HttpError(resp.status, code, text))
        resp.headers["Server"] = "tfdisent"  # and no versions
        transport = self.transport
        try:
            async with asyncio.timeout(self._write_seconds):
                return await super().finish_response(request, resp, start_time)
        except TimeoutError:
            transport.abort()
            return resp, True

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answers what is no HTTP; `rest_app` answers all other errors."""
        if request.writer.output_size:
            raise ConnectionError("An answer has begun.")
        if isinstance(exc, LineTooLong):
            text = "The request line or a header is too long."
            error = HttpError(431, Code.INVALID_ARGUMENT, text)
        elif status < 500:
            text = "This is no valid HTTP request."
            error = HttpError(status, Code.INVALID_ARGUMENT, text)
        else:
            _log.error("a connection failed", exc_info=exc)
            error = HttpError(status, Code.INTERNAL, "internal error")
        response = error_response(error)
        response.force_close()
        return response
