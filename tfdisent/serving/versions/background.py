"""Blocking work beside the event loop, in threads that nobody waits for."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any


def in_background(function: Callable, *args: Any) -> asyncio.Future:
    """Runs a function in a thread of its own.

    `asyncio.to_thread` would be shorter, but its threads are few, so that a
    file system which hangs takes them from all, and the process waits for
    them before it ends.

    Args:
      function: what to call; it may block for ever.
      *args: for the function.

    Returns:
      Its result or exception, for the running loop. Nobody need await it.
    """
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    # Marks an exception as seen, also when nobody waits for it any more.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())

    def settle(setter: Callable, value: Any) -> None:
        if not future.done():
            setter(value)

    def work() -> None:
        try:
            outcome = future.set_result, function(*args)
        except BaseException as error:
            outcome = future.set_exception, error
        with contextlib.suppress(RuntimeError):  # The loop has closed.
            loop.call_soon_threadsafe(settle, *outcome)

    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError as error:  # The system gives no more threads.
        future.set_exception(error)
    return future
