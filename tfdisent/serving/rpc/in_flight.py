"""Lets the gRPC calls in flight end, and tells the others why they cannot."""

import asyncio
import contextlib

import grpc

from tfdisent.serving.rpc.refusal import refusing_handler
from tfdisent.serving.status import Code, ServingError

_HEALTH = "/grpc.health.v1.Health/"
# For clients to learn that it ends, and for the last status of their watches.
_SECONDS = 0.2
_STOPPING = ServingError(Code.UNAVAILABLE, "The server is stopping.")


class GrpcInFlight(grpc.aio.ServerInterceptor):
    """Refuses new calls when a server ends, but for those about its health.

    gRPC's own end has two faults: calls which arrive while it begins get
    CANCELLED, which clients do not try again, and it waits for calls of
    Health.Watch, which never end.
    """

    def __init__(self):
        self._is_draining = asyncio.Event()

    async def drain(self) -> None:
        """Refuses calls from now on; `stop` of the server is to come after."""
        self._is_draining.set()
        await asyncio.sleep(_SECONDS)

    async def intercept_service(self, continuation, handler_call_details):
        """Called by gRPC for each call."""
        handler = await continuation(handler_call_details)
        if handler is not None and handler.response_streaming:
            return self._ending(handler)
        is_health = handler_call_details.method.startswith(_HEALTH)
        if self._is_draining.is_set() and not is_health:
            return refusing_handler(_STOPPING)
        return handler

    def _ending(self, handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
        async def watch(request, context):
            watching = asyncio.create_task(
                handler.unary_stream(request, context)
            )
            draining = asyncio.create_task(self._is_draining.wait())
            both = (watching, draining)
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.wait([watching], timeout=_SECONDS)
            finally:
                for task in both:
                    task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

        return grpc.unary_stream_rpc_method_handler(
            watch, handler.request_deserializer, handler.response_serializer
        )
