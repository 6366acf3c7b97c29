"""The models of a server: which there are, and what they serve now.

References:
  tensorflow_serving/core/aspired_versions_manager.cc,
  tensorflow_serving/model_servers/server_core.cc
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from tfdisent.errors import UsageError
from tfdisent.export.messages import ModelServerConfig
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.version_status import VersionStatus
from tfdisent.serving.versions.loader import Loader
from tfdisent.serving.versions.model_config import check_model_config
from tfdisent.serving.versions.model_set import ModelSet
from tfdisent.serving.versions.scans import Scans
from tfdisent.serving.versions.served_model import not_served
from tfdisent.serving.versions.version_source import look_for_versions

if TYPE_CHECKING:
    from tfdisent.serving.inference.servable import Servable

_log = logging.getLogger("tfdisent.serving")


class ModelManager:
    """Keeps the models of a config loaded, as TensorFlow Serving does.

    All methods are for the event loop's thread. Loads run one by one in a
    thread; nothing that happens on the disk stops what is served.

    Args:
      config: that has passed `check_model_config`.
      load: makes a servable from model, version number and directory; it runs
        in a thread, and may raise anything.
      poll_seconds: between two looks at the base paths; 0 or less looks once,
        at the start.
      allow_labels_for_unavailable: allow new labels for versions that are not
        AVAILABLE.
      allowed_roots: folders in which all versions must lie; None allows all.
      max_load_retries: loads of a version after the first that failed; when
        its files change it starts afresh.
      load_retry_seconds: between a failed load and the next.
      clock: seconds that only grow.

    Attributes:
      is_draining: whoever ends the server sets it, so that `is_ready` says no
        while requests still find their models.
    """

    def __init__(
        self,
        config: ModelServerConfig,
        *,
        load: Callable[[str, int, Path], Servable],
        poll_seconds: float = 1.0,
        allow_labels_for_unavailable: bool = False,
        allowed_roots: Sequence[Path] | None = None,
        max_load_retries: int = 5,
        load_retry_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ):
        roots = allowed_roots and [root.resolve() for root in allowed_roots]
        look = functools.partial(look_for_versions, allowed_roots=roots)
        self._loader = Loader(load, max_load_retries, load_retry_seconds, clock)
        self._models = ModelSet(
            *(config, Scans(look), self._loader, clock),
            allow_labels_for_unavailable,
        )
        self._poll_seconds = poll_seconds
        self._changing = asyncio.Lock()
        self._changes: set[asyncio.Task] = set()
        self._stopping = asyncio.Event()
        self._watching: asyncio.Task | None = None
        self.is_draining = False

    async def start(self) -> None:
        """Loads what is there, then watches the base paths.

        Returns when each model has loaded, or failed to load, its versions; a
        model without a base path or with broken versions stops no other.

        Raises:
          UsageError: a base path lies outside of the allowed roots.
        """
        await self._finish(self._models.start)
        if self._poll_seconds > 0:
            self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Unloads all models when their last request has ended.

        New requests and reloads get UNAVAILABLE from the call on. A load that
        has begun is waited for, since it cannot be broken off.
        """
        self._stopping.set()
        self._models.is_closed = True
        async with self._changing:
            self._models.close()
        if self._watching is not None:
            await self._watching
        await self._loader.unloaded()

    async def poll(self) -> None:
        """Looks at the base paths once, then loads and unloads accordingly.

        A version that fails to load, a base path that cannot be listed: each
        is logged, and leaves the model as it is.
        """
        await self._finish(self._models.update)

    async def reload(self, config: ModelServerConfig) -> None:
        """Takes another set of models; those not listed are unloaded.

        Returns when all that is new has been loaded. If the config is refused
        nothing has changed. An entry that stays as it was is left alone. What
        was begun ends, also if the caller is cancelled.

        Args:
          config: the whole set; one without any field changes nothing.

        Raises:
          ServingError: INVALID_ARGUMENT, the config is not allowed;
            FAILED_PRECONDITION, a label is for a version that is not
            AVAILABLE; UNKNOWN, a new or changed model has no version that
            loads; UNAVAILABLE, the server is stopping.
        """
        if config.WhichOneof("config") is None:
            return
        try:
            check_model_config(config)
        except UsageError as error:
            raise ServingError(Code.INVALID_ARGUMENT, str(error)) from error
        await self._finish(functools.partial(self._models.replace, config))

    def using(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> AbstractContextManager[Servable]:
        """Picks the version for a request, and keeps it while in use.

        Args:
          name: of the model.
          version: number; None is the highest that is AVAILABLE.
          label: of a version, instead of its number.

        Returns:
          A context manager that gives the servable.

        Raises:
          ServingError: NOT_FOUND, there is no such model or version;
            INVALID_ARGUMENT, there is no such label; UNAVAILABLE, the server
            is stopping.
        """
        self._check_not_stopping()
        model = self._models.by_name.get(name)
        if label is not None:
            labels = {} if model is None else model.config.version_labels
            if label not in labels:
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"Unrecognized servable version label: {label}",
                )
            version = labels[label]
        if model is None:
            raise not_served(name, version)
        return model.find(version).using()

    def statuses(
        self, name: str, version: int | None = None
    ) -> list[VersionStatus]:
        """The versions of a model, newest first, some that ended included.

        Args:
          name: of the model.
          version: the only one to tell of.

        Raises:
          ServingError: NOT_FOUND, there is no such model or version.
        """
        model = self._models.by_name.get(name)
        found = [] if model is None else model.statuses()
        if version is not None:
            found = [status for status in found if status.version == version]
        if found:
            return found
        which = "any versions" if version is None else f"version {version}"
        raise ServingError(
            Code.NOT_FOUND, f"Could not find {which} of model {name}"
        )

    def models(self) -> dict[str, list[VersionStatus]]:
        """The versions of all configured models, which may have none yet."""
        return {
            name: model.statuses()
            for name, model in self._models.by_name.items()
        }

    def is_ready(self) -> bool:
        """Whether each configured model has an AVAILABLE version."""
        is_ending = self.is_draining or self._stopping.is_set()
        return not is_ending and all(
            model.available() for model in self._models.by_name.values()
        )

    def _check_not_stopping(self) -> None:
        if self._stopping.is_set():
            raise ServingError(Code.UNAVAILABLE, "The server is stopping.")

    async def _finish(self, change: Callable[[], Awaitable[None]]) -> None:
        """Runs a change alone, and to its end if the caller is cancelled."""

        async def run() -> None:
            async with self._changing:
                self._check_not_stopping()
                await change()

        task = asyncio.create_task(run())
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        await asyncio.shield(task)

    async def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                async with asyncio.timeout(self._poll_seconds):
                    await self._stopping.wait()
            except TimeoutError:
                await self._poll_safely()

    async def _poll_safely(self) -> None:
        try:
            await self.poll()
        except ServingError:
            return  # It is stopping.
        except Exception:
            # Else one fault would end the watch, and nobody would know.
            _log.exception("looking for versions failed")
