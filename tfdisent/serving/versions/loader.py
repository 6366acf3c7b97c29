"""Loads and unloads versions, and says so in the log."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tfdisent.serving.memory import tidy_memory
from tfdisent.serving.versions.background import in_background
from tfdisent.serving.versions.load_failure import load_failure
from tfdisent.serving.versions.served_version import ServedVersion

if TYPE_CHECKING:
    from tfdisent.serving.inference.servable import Servable

_log = logging.getLogger("tfdisent.serving")


class Loader:
    """Takes versions from START to AVAILABLE, and from there to END.

    Args:
      load: makes a servable from model, version number and directory; it runs
        in a thread.
      max_retries: loads of a version after the first that failed.
      retry_seconds: between a failed load and the next.
      clock: seconds that only grow.
    """

    def __init__(
        self,
        load: Callable[[str, int, Path], Servable],
        max_retries: int,
        retry_seconds: float,
        clock: Callable[[], float],
    ):
        self._load = load
        self._max_retries = max_retries
        self._retry_seconds = retry_seconds
        self._clock = clock
        self._unloading: set[asyncio.Task] = set()

    async def load(self, name: str, version: ServedVersion) -> None:
        """Loads a version; afterwards it is AVAILABLE or has failed.

        Args:
          name: of the model.
          version: in state START or END.
        """
        directory = version.candidate.directory
        version.begin_loading()
        _log.info("%s version %d: loading", name, version.number)
        try:
            servable = await in_background(
                self._load, name, version.number, directory
            )
        except Exception as error:
            is_last = version.attempts >= self._max_retries
            wait = math.inf if is_last else self._retry_seconds
            code, message = load_failure(error, directory)
            version.fail(code, message, self._clock() + wait)
            # Written as a literal, since file names and messages of others
            # may hold line breaks.
            _log.error(
                "%s version %d: loading failed, %s: %r",
                *(name, version.number, code.name, str(error)),
            )
        else:
            version.publish(servable)
            _log.info("%s version %d: available", name, version.number)
            del servable
        tidy_memory()

    def unload(self, name: str, version: ServedVersion) -> None:
        """Takes a version from new requests, and closes it after the last.

        Args:
          name: of the model.
          version: in state AVAILABLE.
        """
        version.withdraw()
        _log.info("%s version %d: unloading", name, version.number)
        task = asyncio.create_task(self._unload(name, version))
        self._unloading.add(task)
        task.add_done_callback(self._unloading.discard)

    async def unloaded(self) -> None:
        """Waits until all that `unload` took is closed."""
        await asyncio.gather(*self._unloading)

    async def _unload(self, name: str, version: ServedVersion) -> None:
        try:
            await version.unload()
        except Exception as error:
            _log.error(
                "%s version %d: closing failed: %r",
                *(name, version.number, str(error)),
            )
        _log.info("%s version %d: unloaded", name, version.number)
        tidy_memory()
