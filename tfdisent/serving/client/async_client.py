"""A client for event loops."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from tfdisent.serving.client.endpoints import Endpoints
from tfdisent.serving.client.wire import Connection

_T = TypeVar("_T")


class AsyncClient(Endpoints):
    """`Endpoints` whose methods are awaited, in one event loop.

    It connects with the first call. Calls may be made at the same time, and
    share connections.

        async with AsyncClient("localhost:8500", "beta_tcvae") as client:
            mean, stddev = await client.encode(images)
    """

    async def close(self) -> None:
        """Closes the connections; no call may run or come after."""
        await self._calls.close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close()

    # The libraries are slow to import, and one of them is used.
    def _connection(self, is_rest: bool) -> type[Connection]:
        if is_rest:
            from tfdisent.serving.client.aiohttp_connection import AsyncHttp

            return AsyncHttp
        from tfdisent.serving.client.grpc_connection import AsyncGrpc

        return AsyncGrpc

    def _result(self, call: Coroutine[Any, Any, _T]) -> Coroutine[Any, Any, _T]:
        return call
