"""Requests for one signature, in parts that take turns."""

import asyncio
import dataclasses
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from tfdisent.serving.inference.request_parts import Part


class Waiting(NamedTuple):
    """A part that waits.

    Attributes:
      part: what is to run.
      answer: gets its outputs.
      since: when it came, by the loop's clock.
    """

    part: Part
    answer: asyncio.Future
    since: float


@dataclasses.dataclass(slots=True, eq=False)
class Queued:
    """A request: its parts that wait, at least one.

    Attributes:
      waiting: the parts, in order.
      deadline: time of the loop at which they are dropped, if there is one.
    """

    waiting: deque[Waiting]
    deadline: float | None

    @property
    def size(self) -> int:
        """Of its parts together."""
        return sum(one.part.size for one in self.waiting)


class RequestQueue:
    """Requests in the order in which their next part runs.

    A part that leaves sends the next of its request to the end, so that a
    large request holds up no other for long.

    Attributes:
      size: of all parts that wait; `Part.size` each.
    """

    def __init__(self):
        # A dictionary for its order: one may be taken out anywhere.
        self._requests: dict[Queued, None] = {}
        self.size = 0

    def add(self, queued: Queued) -> None:
        """Puts a request at the end."""
        self._requests[queued] = None
        self.size += queued.size

    def drop(self, queued: Queued) -> None:
        """Takes out what is left of a request, if anything is."""
        if queued in self._requests:
            del self._requests[queued]
            self.size -= queued.size

    def oldest(self) -> float | None:
        """When that came which is next; None if nothing waits."""
        for queued in self._requests:
            return queued.waiting[0].since
        return None

    def take(self, most: int, now: float) -> list[Waiting]:
        """Takes parts with equal keys, which may run together.

        Args:
          most: their size, unless the first is larger.
          now: by the loop's clock; requests whose deadline has passed are
            dropped, and a timer of the same moment tells their callers.

        Returns:
          At most one part of each request; nothing if nothing waits.
        """
        batch: list[Waiting] = []
        turn: list[Queued] = []
        late: list[Queued] = []
        size = 0
        for queued in self._requests:
            one = queued.waiting[0]
            if queued.deadline is not None and queued.deadline <= now:
                late.append(queued)
            elif not batch or one.part.key == batch[0].part.key:
                size += one.part.size
                if batch and size > most:
                    break
                batch.append(one)
                turn.append(queued)
        for queued in late:
            self.drop(queued)
        self.size -= sum(one.part.size for one in batch)
        self._to_the_end(turn)
        return batch

    def _to_the_end(self, turn: Iterable[Queued]) -> None:
        for queued in turn:
            del self._requests[queued]
            queued.waiting.popleft()
            if queued.waiting:
                self._requests[queued] = None
