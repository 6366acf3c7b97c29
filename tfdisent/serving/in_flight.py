"""The requests that a server is answering, over both protocols."""

import asyncio
from collections.abc import Callable

from tfdisent.serving.status import Code, ServingError

# For clients and load balancers to learn that a server ends.
NOTICE_SECONDS = 0.2


class InFlight:
    """Counts requests until their answers are written; refuses what is more.

    Args:
      most: requests at a time.
      on_refusal: called for each request that is too many.

    Attributes:
      is_draining: whether it refuses all.
    """

    def __init__(self, most: int, on_refusal: Callable[[], None]):
        self._most = most
        self._on_refusal = on_refusal
        self._tasks: set[asyncio.Task] = set()
        self.is_draining = False

    def begin(self) -> None:
        """Counts one request until the task that this runs in has ended.

        Raises:
          ServingError: UNAVAILABLE, since there are too many or the server
            ends.
        """
        if self.is_draining:
            raise ServingError(Code.UNAVAILABLE, "The server is stopping.")
        if len(self._tasks) >= self._most:
            self._on_refusal()
            raise ServingError(
                Code.UNAVAILABLE,
                f"The server is answering {self._most} requests, which is the"
                " most that it may.",
            )
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> bool:
        """Refuses requests from now on, and waits for those in flight.

        Args:
          seconds: that they have. `NOTICE_SECONDS` of them pass even if
            there are none.

        Returns:
          Whether all have ended.
        """
        self.is_draining = True
        notice = min(NOTICE_SECONDS, seconds)
        await asyncio.sleep(notice)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds - notice)
        return not self._tasks
