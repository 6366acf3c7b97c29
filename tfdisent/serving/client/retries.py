"""Requests that are sent again while a server is unavailable."""

import itertools
import random
import time

from tfdisent.serving.client.wire import Connection, Request
from tfdisent.serving.status import Code, ServingError

_FIRST_PAUSE = 0.1  # Seconds; each later pause is twice as long.
_LONGEST_PAUSE = 2.0


async def send(
    connection: Connection, request: Request, deadline: float, retries: int
) -> bytes:
    """Sends a request until the server takes it.

    Args:
      connection: carries it.
      request: is sent again after UNAVAILABLE, not after any other error. A
        server may have taken it before its connection was lost; to ask
        twice does no harm, since no request of a client changes anything.
      deadline: of it all, by `time.monotonic()`.
      retries: how often it is sent again at most.

    Returns:
      The answer.

    Raises:
      ServingError: the last one.
    """
    for count in itertools.count():
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise ServingError(Code.DEADLINE_EXCEEDED, "Deadline Exceeded")
        try:
            return await connection.send(request, seconds)
        except ServingError as error:
            pause = _pause(count)
            is_late = time.monotonic() + pause >= deadline
            if error.code != Code.UNAVAILABLE or count >= retries or is_late:
                raise
        await connection.pause(pause)
    raise AssertionError


def _pause(count: int) -> float:
    """Seconds; drawn, lest all clients of a server come back at once."""
    longest = min(_FIRST_PAUSE * 2**count, _LONGEST_PAUSE)
    return random.uniform(0.5, 1) * longest
