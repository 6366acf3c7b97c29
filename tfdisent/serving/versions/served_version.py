"""One version of a model, from START to END."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tfdisent.serving.status import Code
from tfdisent.serving.version_status import State, VersionStatus
from tfdisent.serving.versions.version_source import Candidate

if TYPE_CHECKING:
    from tfdisent.serving.inference.servable import Servable


class ServedVersion:
    """A version, its state, and the count of who uses it.

    All methods are for the event loop's thread.

    Attributes:
      number: of the version.
      candidate: what is, or will be, loaded.
      state: AVAILABLE if and only if it may be used.
      code, message: why a load failed; OK and empty in all other states.
      attempts: loads that have failed.
      retry_at: time from which a failed load is due again.
    """

    def __init__(self, number: int, candidate: Candidate):
        self.number = number
        self.candidate = candidate
        self.state = State.START
        self.code = Code.OK
        self.message = ""
        self.attempts = 0
        self.retry_at = math.inf
        self._servable: Servable | None = None
        self._users = 0
        self._unused = asyncio.Event()
        self._unused.set()

    @property
    def status(self) -> VersionStatus:
        """The version as clients see it."""
        return VersionStatus(self.number, self.state, self.code, self.message)

    @property
    def is_new(self) -> bool:
        """Whether no load has begun."""
        return self.state is State.START

    @property
    def is_gone(self) -> bool:
        """Whether it was AVAILABLE once and takes no more requests."""
        is_past = self.state in (State.UNLOADING, State.END)
        return is_past and not self.has_failed

    @property
    def has_failed(self) -> bool:
        """Whether the last load failed."""
        return self.state is State.END and self.code is not Code.OK

    @contextmanager
    def using(self) -> Iterator[Servable]:
        """Keeps an AVAILABLE version loaded while the body runs."""
        self._users += 1
        self._unused.clear()
        try:
            yield self._servable
        finally:
            self._users -= 1
            if not self._users:
                self._unused.set()

    def begin_loading(self) -> None:
        """Marks the version while a thread loads it."""
        self.state, self.code, self.message = State.LOADING, Code.OK, ""

    def publish(self, servable: Servable) -> None:
        """Offers what was loaded to requests."""
        self._servable = servable
        self.state = State.AVAILABLE

    def fail(self, code: Code, message: str, retry_at: float) -> None:
        """Ends a load that failed.

        Args:
          code: why, not OK.
          message: for clients, without a path.
          retry_at: time of the next attempt; infinite if there is none.
        """
        self.state, self.code, self.message = State.END, code, message
        self.attempts += 1
        self.retry_at = retry_at

    def withdraw(self) -> None:
        """Takes an AVAILABLE version from new requests."""
        self.state = State.UNLOADING

    async def unload(self) -> None:
        """Closes a withdrawn version when its last request has ended.

        Raises:
          Exception: what closing raised; the version has ended all the same.
        """
        await self._unused.wait()
        servable, self._servable = self._servable, None
        try:
            await servable.close()
        finally:
            self.state = State.END
