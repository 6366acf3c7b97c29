"""Requests for one signature that wait together run together."""

import asyncio
import functools
import math
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future

from tfdisent.serving.inference.batching import Batching
from tfdisent.serving.inference.input_checks import CheckedRequest
from tfdisent.serving.inference.request_parts import (
    Arrays,
    Run,
    cut,
    put_together,
    run_together,
)
from tfdisent.serving.inference.request_queue import (
    Queued,
    RequestQueue,
    Waiting,
)
from tfdisent.serving.status import Code, ServingError

# Rows that are worth a run of their own: in a larger batch, a row costs little
# less.
_ENOUGH_ROWS = 8
# How much of the rows that were lately in flight at a time is still expected
# when a run has begun.
_FADING = 0.9

_Answers = list[Arrays | Exception | None]


class Coalescer:
    """Decides when what waits for one signature of one version runs.

    A request of many rows is cut, so that all threads run it. A run begins
    when a thread is free and there are rows enough for it. Fewer wait for
    `batching.timeout_seconds` at most, and only if a run goes on, whose end
    they may as well await, or if twice as many were lately in flight, so that
    more can be expected: a batch costs less than its rows, and clients that
    wait for each other's company are answered sooner than one by one. A lone
    client never waits. If a batch fails, its members run alone, so that only
    those fail whose fault it is.

    Args:
      run: called in threads, several at a time.
      executor: for `run`; has `batching.num_batch_threads` threads to spare.
      batching: what runs together.
      waiting_rows: that may wait, at most; a request of no more than these
        may always be the only one.
      observe: told each batch's rows and how long its first request waited,
        in seconds.
      on_drop: called for each request that ended before all of it ran: it was
        cancelled, too late, or another part of it failed.
    """

    def __init__(
        self,
        run: Run,
        executor: Executor,
        batching: Batching,
        *,
        waiting_rows: int,
        observe: Callable[[int, float], None] | None = None,
        on_drop: Callable[[], None] | None = None,
    ):
        self._run = run
        self._executor = executor
        self._batching = batching
        self._most_waiting = waiting_rows
        if batching.max_enqueued_batches is not None:
            rows = batching.max_enqueued_batches * batching.max_batch_size
            self._most_waiting = min(waiting_rows, rows)
        self._observe = observe
        self._on_drop = on_drop
        self._queue = RequestQueue()
        self._next_look: asyncio.Handle | None = None
        self._running = 0
        self._running_rows = 0
        self._rows_in_flight_lately = 0.0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

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
        waiting = deque(
            Waiting(part, answer, now)
            for part, answer in zip(parts, answers, strict=True)
        )
        queued = Queued(waiting, deadline)
        self._enqueue(queued)
        try:
            async with asyncio.timeout_at(deadline):
                if len(answers) == 1:  # what `gather` does takes its time
                    return await answers[0]
                return put_together(await asyncio.gather(*answers))
        except TimeoutError:
            raise ServingError(
                Code.DEADLINE_EXCEEDED, "The deadline passed before the answer."
            ) from None
        finally:
            self._queue.drop(queued)
            if queued.waiting and self._on_drop:
                self._on_drop()

    async def idle(self) -> None:
        """Waits until nothing runs, not even for callers that went away."""
        await self._is_idle.wait()

    def _enqueue(self, queued: Queued) -> None:
        size = queued.size
        # Checked requests have a limit of their own.
        if self._queue.size and self._queue.size + size > self._most_waiting:
            raise ServingError(
                Code.UNAVAILABLE,
                "The batch scheduling queue to which this task was submitted"
                f" is full; task size is {size}, and {self._queue.size} of"
                f" {self._most_waiting} rows wait.",
            )
        self._queue.add(queued)
        self._rows_in_flight_lately = max(
            self._rows_in_flight_lately, self._queue.size + self._running_rows
        )
        if self._running < self._batching.num_batch_threads:
            # When the loop has gone through all that it has read, so that
            # requests which came together leave together.
            self._look(0)

    def _look(self, delay: float) -> None:
        """Calls `_start` later, and not at any other time."""
        if self._next_look:
            self._next_look.cancel()
        loop = asyncio.get_running_loop()
        self._next_look = (
            loop.call_later(delay, self._start)
            if delay > 0
            else loop.call_soon(self._start)
        )

    def _start(self) -> None:
        """Starts what should run now."""
        while self._running < self._batching.num_batch_threads:
            now = asyncio.get_running_loop().time()
            wait = self._patience(now)
            if wait > 0:
                self._look(wait)
                return
            most = min(
                self._batching.max_batch_size, self._share(self._queue.size)
            )
            batch = self._queue.take(most, now)
            if not batch:
                return
            self._start_batch(batch, now)

    def _patience(self, now: float) -> float:
        """How many seconds what waits should wait longer for more to come."""
        oldest, rows = self._queue.oldest(), self._queue.size
        enough = min(_ENOUGH_ROWS, self._batching.max_batch_size)
        if oldest is None or rows >= enough:
            return 0
        if not self._running and rows >= self._rows_in_flight_lately // 2:
            return 0
        return oldest + self._batching.timeout_seconds - now

    def _most_at_once(self, request: CheckedRequest) -> int:
        """The size of its parts."""
        size = (request.rows or 1) * request.row_size
        if self._batching.max_batch_size == 1:
            return size
        most = self._batching.max_execution_batch_size
        return min(self._share(size), most)

    def _share(self, size: int) -> int:
        """What each free thread takes of so many rows."""
        free = max(1, self._batching.num_batch_threads - self._running)
        return max(_ENOUGH_ROWS, math.ceil(size / free))

    def _start_batch(self, batch: Sequence[Waiting], now: float) -> None:
        if self._observe:
            rows = sum(one.part.rows or 1 for one in batch)
            self._observe(rows, now - batch[0].since)
        self._running += 1
        self._running_rows += sum(one.part.size for one in batch)
        self._rows_in_flight_lately *= _FADING
        self._is_idle.clear()
        # In a thread even if nothing else is there to do: a run in the loop
        # would answer a lone client 0.05 ms sooner, and would keep the loop
        # from reading the requests that are to run with the next.
        try:
            future = self._executor.submit(self._answers, batch)
        except RuntimeError:  # the system gives no more threads
            error = ServingError(Code.UNAVAILABLE, "No thread can be had.")
            self._end_batch(batch, [error] * len(batch))
            return
        future.add_done_callback(
            functools.partial(
                asyncio.get_running_loop().call_soon_threadsafe,
                self._end_run,
                batch,
            )
        )

    def _end_run(self, batch: Sequence[Waiting], done: Future) -> None:
        self._end_batch(batch, done.result())
        self._start()

    def _end_batch(self, batch: Sequence[Waiting], answers: _Answers) -> None:
        for one, answer in zip(batch, answers, strict=True):
            if one.answer.done():
                continue
            if isinstance(answer, Exception):
                one.answer.set_exception(answer)
            else:
                one.answer.set_result(answer)
        self._running -= 1
        self._running_rows -= sum(one.part.size for one in batch)
        if not self._running:
            self._is_idle.set()

    def _answers(self, batch: Sequence[Waiting]) -> _Answers:
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
