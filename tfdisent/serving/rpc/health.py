"""gRPC's health service, which tells whether the models answer.

References:
  https://github.com/grpc/grpc/blob/master/doc/health-checking.md
"""

import asyncio

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from tfdisent.serving.versions.manager import ModelManager

SERVICE = "grpc.health.v1.Health"
# Those with a status; the two short ones are TensorFlow Serving's own.
_SERVICES = {
    "",
    "ModelService",
    "PredictionService",
    "tensorflow.serving.ModelService",
    "tensorflow.serving.PredictionService",
}
# Longer ones name nothing, and gRPC keeps a request as long as its watch.
_REQUEST_BYTES = 1024


class Health:
    """Health of a server.

    All services are SERVING while each configured model has a version that
    answers; TensorFlow Serving says so whatever its models do. grpc_health's
    own service holds a lock while it writes: one client that does not read
    would stop the news for all.

    Args:
      manager: of the models; when it is draining, watches get the last news
        and end.
      poll_seconds: between looks at it, for clients that watch.
      most_watches: at a time; more are refused, for each costs its looks and
        a client may leave its answers unread.
    """

    def __init__(
        self,
        manager: ModelManager,
        *,
        poll_seconds: float = 0.1,
        most_watches: int = 100,
    ):
        self._manager = manager
        self._poll_seconds = poll_seconds
        self._most_watches = most_watches
        self._watches = 0

    def handler(self) -> grpc.GenericRpcHandler:
        """The service for a `grpc.aio.Server`."""
        serializer = HealthCheckResponse.SerializeToString
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Check": grpc.unary_unary_rpc_method_handler(
                    self._check, response_serializer=serializer
                ),
                "Watch": grpc.unary_stream_rpc_method_handler(
                    self._watch, response_serializer=serializer
                ),
            },
        )

    async def _check(self, content, context) -> HealthCheckResponse:
        answer = self._answer(await _service(content, context))
        if answer.status == HealthCheckResponse.SERVICE_UNKNOWN:
            text = "The service is unknown."
            await context.abort(grpc.StatusCode.NOT_FOUND, text)
        return answer

    async def _watch(self, content, context) -> None:
        service = await _service(content, context)
        if self._watches >= self._most_watches:
            text = "Too many clients watch; call Check."
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        self._watches += 1
        try:
            await self._tell(service, context)
        finally:
            self._watches -= 1

    async def _tell(self, service: str, context) -> None:
        told = None
        while True:
            is_last = self._manager.is_draining
            answer = self._answer(service)
            if answer != told:
                await context.write(answer)
                told = answer
            if is_last:
                return
            await asyncio.sleep(self._poll_seconds)

    def _answer(self, service: str) -> HealthCheckResponse:
        status = HealthCheckResponse.NOT_SERVING
        if service not in _SERVICES:
            status = HealthCheckResponse.SERVICE_UNKNOWN
        elif self._manager.is_ready():
            status = HealthCheckResponse.SERVING
        return HealthCheckResponse(status=status)


async def _service(content: bytes, context) -> str:
    try:
        if len(content) <= _REQUEST_BYTES:
            return HealthCheckRequest.FromString(content).service
    except DecodeError:
        pass
    text = f"the message is no HealthCheckRequest of {_REQUEST_BYTES} bytes"
    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)
