"""gRPC's health service, which tells whether the models answer."""

import asyncio

import grpc
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server

from tfdisent.serving.versions.manager import ModelManager

# The two short ones are TensorFlow Serving's own.
SERVICES = (
    "",
    "ModelService",
    "PredictionService",
    "tensorflow.serving.ModelService",
    "tensorflow.serving.PredictionService",
)


class Health:
    """Health of a server.

    All services are SERVING while each configured model has a version that
    answers; TensorFlow Serving says so whatever its models do.

    Args:
      manager: of the models.
      poll_seconds: between looks at them, for clients that watch.
    """

    def __init__(self, manager: ModelManager, poll_seconds: float = 0.2):
        self._manager = manager
        self._poll_seconds = poll_seconds
        self._servicer = health.aio.HealthServicer()

    async def add_to(self, server: grpc.aio.Server) -> None:
        """Adds the service to a server that has not started."""
        await self.update()
        add_HealthServicer_to_server(self._servicer, server)

    async def follow(self) -> None:
        """Follows the models until it is cancelled."""
        while True:
            await self.update()
            await asyncio.sleep(self._poll_seconds)

    async def drain(self) -> None:
        """From now on, and for good, nothing is SERVING."""
        await self._servicer.enter_graceful_shutdown()

    async def update(self) -> None:
        """Looks at the models now."""
        is_ready = self._manager.is_ready()
        status = "SERVING" if is_ready else "NOT_SERVING"
        for service in SERVICES:
            await self._servicer.set(
                service, HealthCheckResponse.ServingStatus.Value(status)
            )
