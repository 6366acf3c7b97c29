"""Counts gRPC's calls, and tells the others why they are refused."""

import grpc

from tfdisent.serving.in_flight import InFlight
from tfdisent.serving.rpc.health import SERVICE
from tfdisent.serving.rpc.refusal import refusing_handler
from tfdisent.serving.status import ServingError


class CountingInterceptor(grpc.aio.ServerInterceptor):
    """Counts all calls but those about health.

    A call counts from its headers to the last byte of its answer: gRPC has
    one task for both. That gRPC ends a server only when this has drained has
    a reason: calls which arrive while it ends get CANCELLED, which clients do
    not try again, and it waits for clients that never read.

    Args:
      in_flight: to count in.
    """

    def __init__(self, in_flight: InFlight):
        self._in_flight = in_flight

    async def intercept_service(self, continuation, handler_call_details):
        """Called by gRPC for each call."""
        if not handler_call_details.method.startswith(f"/{SERVICE}/"):
            try:
                self._in_flight.begin()
            except ServingError as error:
                return refusing_handler(error)
        return await continuation(handler_call_details)
