"""Lets the REST requests in flight end, those half received included."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web


class RestInFlight:
    """Counts the requests of an application that are being answered.

    aiohttp's own end of a server throws away what still comes of a request
    that has begun, so that its client waits in vain.

    Args:
      app: which is not running yet.
    """

    def __init__(self, app: web.Application):
        self._count = 0
        self._is_draining = False
        self._idle = asyncio.Event()
        self._idle.set()
        app.middlewares.append(self._counted)

    async def drain(self) -> None:
        """Waits until none is left; each connection has one more at most."""
        self._is_draining = True
        await self._idle.wait()

    @web.middleware
    async def _counted(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        self._count += 1
        self._idle.clear()
        try:
            response = await handler(request)
            if self._is_draining:
                response.force_close()
            return response
        finally:
            self._count -= 1
            if not self._count:
                self._idle.set()
