"""Requests for one signature that wait together run together."""

import asyncio
import dataclasses
import itertools
import math
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

from tfdisent.serving.inference.batching import Batching
from tfdisent.serving.inference.input_checks import CheckedRequest
from tfdisent.serving.inference.request_parts import (
    Arrays,
    Part,
    Run,
    cut,
    put_together,
    run_together,
)
from tfdisent.serving.status import Code, ServingError

# Rows that are worth a thread of their own: in a larger batch, a row costs
# little less.
_ENOUGH_ROWS = 8
# Shorter runs than this are waited for, rather than to start another beside.
_SHORT_SECONDS = 0.004


class _Waiting(NamedTuple):
    part: Part
    answer: asyncio.Future
    since: float


@dataclasses.dataclass(slots=True, eq=False)
class _Queued:
    """A request: its parts that wait, at least one."""

    waiting: deque[_Waiting]
    deadline: float | None


class Coalescer:
    """The queue of one signature of one version.

    A request that finds a free thread runs at once, and all that come while
    the threads are busy leave together when one is free: nothing waits for a
    batch to fill. Only rows of equal shape run together. A request of many
    rows is cut, so that all threads run it, and each part that has left sends
    the next to the queue's end, so that it holds up no other for long. If a
    batch fails, its members run alone, so that only those fail whose fault it
    is.

    Args:
      run: called in threads, several at a time.
      executor: for `run`; has `batching.num_batch_threads` threads to spare.
      batching: what runs together.
      waiting_rows: that may wait, at most; a request of no more than these
        may always be the only one.
      observe: told each batch's rows and how long its first request waited,
        in seconds.

    Attributes:
      dropped: requests, or parts of them, that were cancelled or whose
        deadline passed before they ran.
    """

    def __init__(
        self,
        run: Run,
        executor: Executor,
        batching: Batching,
        *,
        waiting_rows: int,
        observe: Callable[[int, float], None] | None = None,
    ):
        self._run = run
        self._executor = executor
        self._batching = batching
        self._most_waiting = waiting_rows
        if batching.max_enqueued_batches is not None:
            rows = batching.max_enqueued_batches * batching.max_batch_size
            self._most_waiting = min(waiting_rows, rows)
        self._observe = observe
        # A dictionary for its order: one may be taken out anywhere.
        self._queue: dict[_Queued, None] = {}
        self._queue_size = 0
        self._runners: set[asyncio.Task] = set()
        self._running = 0
        self._last_seconds = 0.0
        self.dropped = 0

    async def answer(
        self, request: CheckedRequest, deadline: float | None = None
    ) -> Arrays:
        """Runs a request, alone or with others.

        Args:
          request: has at least one row.
          deadline: time of the event loop at which the caller is told, even if
            the run goes on.

        Returns:
          Its outputs, which may not be written.

        Raises:
          ServingError: UNAVAILABLE if too much waits or no thread can be
            had, DEADLINE_EXCEEDED, or what `run` raised.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        parts = cut(request, self._most_at_once(request))
        answers = [loop.create_future() for _ in parts]
        queued = _Queued(
            deque(map(_Waiting, parts, answers, itertools.repeat(now))),
            deadline,
        )
        self._enqueue(queued)
        try:
            async with asyncio.timeout_at(deadline):
                return put_together(await asyncio.gather(*answers))
        except TimeoutError:
            raise ServingError(
                Code.DEADLINE_EXCEEDED, "The deadline passed before the answer."
            ) from None
        finally:
            if queued in self._queue:
                self._drop(queued)

    async def idle(self) -> None:
        """Waits until nothing runs, not even for callers that went away."""
        while self._runners:
            await asyncio.wait(self._runners)

    def _enqueue(self, queued: _Queued) -> None:
        size = _size(queued)
        # Checked requests have a limit of their own.
        if self._queue and self._queue_size + size > self._most_waiting:
            raise ServingError(
                Code.UNAVAILABLE,
                "The batch scheduling queue to which this task was submitted"
                f" is full; task size is {size}, and {self._queue_size} of"
                f" {self._most_waiting} rows wait.",
            )
        self._queue[queued] = None
        self._queue_size += size
        free = self._batching.num_batch_threads - len(self._runners)
        for _ in range(min(free, len(queued.waiting), self._worth_a_thread())):
            # It starts when the loop has gone through all that it has read,
            # so that requests which came together leave together.
            self._runners.add(asyncio.create_task(self._work()))

    def _worth_a_thread(self) -> int:
        """How many threads to start for what waits, if they are free.

        While short runs go on, few rows are better off with the next of them:
        a batch costs less than its rows, and the loop needs a processor too.
        """
        enough = min(_ENOUGH_ROWS, self._batching.max_batch_size)
        if not self._runners or self._last_seconds > _SHORT_SECONDS:
            return math.ceil(self._queue_size / enough)
        return self._queue_size // enough

    def _most_at_once(self, request: CheckedRequest) -> int:
        """The size of its parts."""
        size = (request.rows or 1) * request.row_size
        if self._batching.max_batch_size == 1:
            return size
        most = self._batching.max_execution_batch_size
        return min(self._share(size), most)

    def _drop(self, queued: _Queued) -> None:
        del self._queue[queued]
        self._queue_size -= _size(queued)
        self.dropped += len(queued.waiting)

    async def _work(self) -> None:
        try:
            while batch := self._take(asyncio.get_running_loop().time()):
                await self._run_batch(batch)
        finally:
            # Here and not in a callback: a request may come between.
            self._runners.discard(asyncio.current_task())

    async def _run_batch(self, batch: Sequence[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        if self._observe:
            rows = sum(one.part.rows or 1 for one in batch)
            self._observe(rows, loop.time() - batch[0].since)
        start = loop.time()
        self._running += 1
        # In a thread even if nothing else is there to do: a run in the loop
        # would answer a lone client 0.05 ms sooner, and would keep the loop
        # from reading the requests that are to run with the next.
        try:
            answers = await loop.run_in_executor(
                self._executor, self._answers, batch
            )
        except RuntimeError:  # the system gives no more threads
            error = ServingError(Code.UNAVAILABLE, "No thread can be had.")
            answers = [error] * len(batch)
        finally:
            self._running -= 1
        self._last_seconds = loop.time() - start
        for one, answer in zip(batch, answers, strict=True):
            if one.answer.done():
                continue
            if isinstance(answer, Exception):
                one.answer.set_exception(answer)
            else:
                one.answer.set_result(answer)

    def _take(self, now: float) -> list[_Waiting]:
        """The next batch, without those whose time is over."""
        batch: list[_Waiting] = []
        turn: list[_Queued] = []
        late: list[_Queued] = []
        size = 0
        most = min(self._batching.max_batch_size, self._share(self._queue_size))
        for queued in self._queue:
            one = queued.waiting[0]
            if queued.deadline is not None and queued.deadline <= now:
                # A timer of the same moment tells its caller.
                late.append(queued)
            elif not batch or one.part.key == batch[0].part.key:
                size += one.part.size
                if batch and size > most:
                    break
                batch.append(one)
                turn.append(queued)
        for queued in late:
            self._drop(queued)
        self._queue_size -= sum(one.part.size for one in batch)
        for queued in turn:
            del self._queue[queued]
            queued.waiting.popleft()
            if queued.waiting:
                self._queue[queued] = None
        return batch

    def _share(self, size: int) -> int:
        """What each free thread takes of so many rows."""
        free = max(1, self._batching.num_batch_threads - self._running)
        return max(_ENOUGH_ROWS, math.ceil(size / free))

    def _answers(
        self, batch: Sequence[_Waiting]
    ) -> list[Arrays | Exception | None]:
        """In a thread; None for a member of a failed batch that went away."""
        parts = [one.part for one in batch]
        allowed = self._batching.allowed_batch_sizes
        try:
            return [*run_together(self._run, parts, allowed)]
        except Exception as error:
            if len(batch) == 1:
                return [error]
        return [
            None if one.answer.done() else self._answers([one])[0]
            for one in batch
        ]


def _size(queued: _Queued) -> int:
    return sum(one.part.size for one in queued.waiting)
