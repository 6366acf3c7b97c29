"""The server: gRPC, REST and models in one event loop."""

import asyncio
import functools
from pathlib import Path

import grpc

from tfdisent.errors import RunError, UsageError
from tfdisent.export.messages import ModelServerConfig
from tfdisent.serving.addresses import clear_socket, joined, port_refused
from tfdisent.serving.in_flight import NOTICE_SECONDS, InFlight
from tfdisent.serving.inference.servable import Servable
from tfdisent.serving.memory import tidy_memory
from tfdisent.serving.monitoring import Monitoring
from tfdisent.serving.rest.app import rest_app
from tfdisent.serving.rest.connection import RestRunner
from tfdisent.serving.rest.in_flight import counted
from tfdisent.serving.rpc.channel_options import channel_options
from tfdisent.serving.rpc.health import Health
from tfdisent.serving.rpc.in_flight import CountingInterceptor
from tfdisent.serving.rpc.service import grpc_handlers
from tfdisent.serving.server_options import ServerOptions
from tfdisent.serving.token import TokenInterceptor
from tfdisent.serving.version_status import State
from tfdisent.serving.versions.config_watch import ConfigWatch
from tfdisent.serving.versions.manager import ModelManager


class Server:
    """Serves models over gRPC and REST; made and used in one event loop.

    Args:
      config: models, checked by `model_config`.
      options: of the server.

    Attributes:
      options: of the server.
      manager: of the models.
      port: of gRPC, once it is bound; None without gRPC over TCP.
      rest_port: of REST, once it is bound; None without REST.
    """

    def __init__(self, config: ModelServerConfig, options: ServerOptions):
        self.options = options
        self._monitoring = Monitoring(self._loaded)
        self.manager = ModelManager(
            config,
            load=functools.partial(
                Servable,
                limits=options.limits,
                batching=options.batching,
                observe=self._monitoring.batch,
                on_drop=self._monitoring.dropped,
            ),
            poll_seconds=options.poll_seconds,
            allow_labels_for_unavailable=options.allow_labels_for_unavailable,
            allowed_roots=options.allowed_roots,
            max_load_retries=options.max_load_retries,
            load_retry_seconds=options.load_retry_seconds,
        )
        self._in_flight = InFlight(
            options.limits.concurrent_requests, self._monitoring.refused
        )
        self._config_watch = options.config_file and ConfigWatch(
            options.config_file, self.manager.reload
        )
        self._grpc: grpc.aio.Server | None = None
        self._runner: RestRunner | None = None
        self._tasks: list[asyncio.Task] = []
        self.port: int | None = None
        self.rest_port: int | None = None

    async def start(self) -> None:
        """Binds the ports, then loads the models.

        While they load, requests get an error and readiness says no. A model
        that does not load is logged; the server waits for a version that does.

        Raises:
          RunError: a port or socket cannot be had.
          UsageError: an option is wrong.
        """
        try:
            await self._start_grpc()
            await self._start_rest()
            await self.manager.start()
        except (RunError, UsageError):
            await self.drain()
            raise
        tidy_memory()
        seconds = self.options.config_poll_seconds
        if self._config_watch and seconds > 0:
            watch = self._config_watch.run(seconds)
            self._tasks.append(asyncio.create_task(watch))

    async def read_config(self) -> None:
        """Takes `options.config_file`, which must be given, as it is now."""
        await self._config_watch.check()

    async def drain(self) -> bool:
        """Ends: first readiness, then what is in flight, then listening.

        Returns:
          Whether all requests in flight ended; those that took longer than
          `options.grace_seconds` were broken off.
        """
        self.manager.is_draining = True
        for task in self._tasks:
            task.cancel()
        has_ended = await self._in_flight.drain(self.options.grace_seconds)
        if self._grpc:
            # What is left are clients that have not read what they are told.
            await self._grpc.stop(NOTICE_SECONDS if has_ended else None)
        if self._runner:
            await self._runner.cleanup()
        return has_ended

    async def close(self) -> None:
        """Unloads the models; comes after `drain`."""
        await self.manager.stop()

    async def _start_grpc(self) -> None:
        options = self.options
        if options.port is None and options.socket_path is None:
            return
        interceptors: list[grpc.aio.ServerInterceptor] = [
            CountingInterceptor(self._in_flight)
        ]
        if options.token:
            interceptors.insert(0, TokenInterceptor(options.token))
        self._grpc = grpc.aio.server(
            interceptors=interceptors, options=channel_options(options.limits)
        )
        self._grpc.add_generic_rpc_handlers(
            grpc_handlers(
                *(self.manager, options.limits, self._monitoring),
                enable_reload=options.enable_reload,
            )
            + [Health(self.manager).handler()]
        )
        if options.socket_path:
            self._bind_socket(options.socket_path)
        if options.port is not None:
            self.port = self._bind_grpc(options.port)
        await self._grpc.start()

    def _bind_grpc(self, port: int) -> int:
        options = self.options
        address = joined(options.host, port)
        try:
            if options.tls:
                credentials = options.tls.grpc_credentials()
                return self._grpc.add_secure_port(address, credentials)
            return self._grpc.add_insecure_port(address)
        except RuntimeError as error:
            raise port_refused(options.host, port, error) from error

    def _bind_socket(self, path: Path) -> None:
        clear_socket(path)
        try:
            self._grpc.add_insecure_port(f"unix:{path}")
        except RuntimeError as error:
            raise RunError(
                f"the socket {path} cannot be made; its folder must exist and"
                " may be written."
            ) from error

    async def _start_rest(self) -> None:
        options = self.options
        if options.rest_port is None:
            return
        app = rest_app(
            *(self.manager, options.limits, self._monitoring),
            cors=options.cors,
            explorer=options.explorer,
            metrics_path=options.metrics_path,
            token=options.token,
        )
        app.middlewares.append(counted(self._in_flight))
        self._runner = RestRunner(
            app, options.limits, grace_seconds=NOTICE_SECONDS
        )
        await self._runner.setup()
        try:
            self.rest_port = await self._runner.listen(
                *(options.host, options.rest_port),
                options.tls and options.tls.rest_context(),
            )
        except OSError as error:
            raise port_refused(
                options.host, options.rest_port, error
            ) from error

    def _loaded(self) -> dict[str, list[int]]:
        return {
            name: [s.version for s in statuses if s.state == State.AVAILABLE]
            for name, statuses in self.manager.models().items()
        }
