"""A server's life as a process: from its start to the signal that ends it."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from tfdisent.serving.server import Server

_log = logging.getLogger(__name__)


async def live(server: Server, started: Callable[[], None]) -> NoReturn:
    """Runs a server until SIGTERM or SIGINT, drains it, and ends the process.

    The exit code is 0, or 1 if requests were broken off. A second signal ends
    the process at once, with exit code 128 + its number. SIGHUP reads the
    config file again if there is one.

    Args:
      server: not yet started.
      started: called when the models have loaded or failed.

    Raises:
      RunError, UsageError: the server does not start.
    """
    stop = _handle_signals(server)
    starting = asyncio.create_task(server.start())
    await asyncio.wait([starting, stop], return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        starting.result()
        started()
    signum = await stop
    starting.cancel()
    _log.info("%s: no request is taken any more", signum.name)
    if await server.drain():
        _log.info("the requests in flight have ended")
        _end(0)
    _log.warning("requests that took too long were broken off")
    _end(1)


def _handle_signals(server: Server) -> asyncio.Future:
    """Takes the signals; the result is the first that asks for the end."""
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    reloads = set()

    def ask(signum: signal.Signals) -> None:
        if stop.done():
            _end(128 + signum)
        stop.set_result(signum)

    def reload() -> None:
        task = loop.create_task(server.read_config())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, ask, signum)
    if server.options.config_file:
        loop.add_signal_handler(signal.SIGHUP, reload)
    return stop


def _end(code: int) -> NoReturn:
    """Ends the process; Python would wait for threads that load or compute."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
