"""Predict over REST: from a request's body to its answer's."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp import web

from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.answer import write_answer
from tfdisent.serving.rest.body import inflate, read_body
from tfdisent.serving.rest.body_room import SMALL_BYTES, BodyRoom
from tfdisent.serving.rest.request import RestRequest, read_request
from tfdisent.serving.rest.urls import Target
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.versions.manager import ModelManager

# Larger answers are written beside the loop, as large bodies are read.
_SMALL_ELEMENTS = 2**15
_LARGE_BODIES = 4


class RestPredict:
    """Answers Predict requests.

    Args:
      manager: of the models.
      limits: of requests.
    """

    def __init__(self, manager: ModelManager, limits: Limits):
        self._manager = manager
        self._limits = limits
        self._room = BodyRoom(_LARGE_BODIES * limits.body_bytes)
        # One thread: numbers as Python's objects take ten times the memory of
        # their text, so that large requests take their turns.
        self._executor = ThreadPoolExecutor(1, "tfdisent-json")
        self._turn = asyncio.Lock()

    def close(self) -> None:
        """Ends the thread; no request may come after."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def answer(
        self,
        request: web.BaseRequest,
        target: Target,
        found: Callable[[int], None],
    ) -> bytes:
        """Answers one request.

        Args:
          request: whose body is not yet read.
          target: what it asks for.
          found: told the number of the version that will answer.

        Returns:
          The text of the answer.

        Raises:
          ServingError: the request is wrong, came too late or failed.
        """
        try:
            async with asyncio.timeout(None) as timeout:
                parsed, run = await self._read(request, timeout)
                return await self._answer(parsed, run, target, found)
        except TimeoutError:
            raise ServingError(
                Code.DEADLINE_EXCEEDED,
                f"No answer in {self._limits.request_seconds:g} s.",
            ) from None

    async def _read(
        self, request: web.BaseRequest, timeout: asyncio.Timeout
    ) -> tuple[RestRequest, Callable]:
        """The request, and what runs the work that goes with its size."""
        with self._room.share() as hold:
            body = await read_body(request, self._limits, hold)
            now = asyncio.get_running_loop().time()
            timeout.reschedule(now + self._limits.request_seconds)
            if encoding := request.headers.get("Content-Encoding", ""):
                body = await self._aside(inflate, body, encoding, self._limits)
                hold(len(body))
            run = self._at_once if len(body) <= SMALL_BYTES else self._aside
            return await run(read_request, body, self._limits), run

    async def _answer(
        self,
        request: RestRequest,
        run: Callable,
        target: Target,
        found: Callable[[int], None],
    ) -> bytes:
        with self._manager.using(*target[1:]) as servable:
            found(servable.version)
            signature = servable.signatures.get(request.signature)
            if signature is None:
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f'Serving signature name: "{request.signature}" not found'
                    " in signature def",
                )
            inputs = await run(request.inputs, signature)
            outputs = await servable.predict(request.signature, inputs)
        size = sum(array.size for array in outputs.values())
        run = self._at_once if size <= _SMALL_ELEMENTS else self._aside
        return await run(write_answer, outputs, request.is_row)

    async def _at_once(self, function: Callable, *args: Any) -> Any:
        # One in each round of the loop. Many clients would make a round long,
        # and all that gRPC and the models have for the loop waits for its end.
        async with self._turn:
            result = function(*args)
            await asyncio.sleep(0)
        return result

    async def _aside(self, function: Callable, *args: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, function, *args)
