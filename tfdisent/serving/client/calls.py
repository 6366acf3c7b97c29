"""Calls of a client from arrays to arrays, over any protocol."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from tfdisent.serving.client.pieces import joined, pieces
from tfdisent.serving.client.retries import send
from tfdisent.serving.client.signatures import Signature
from tfdisent.serving.client.wire import Connection, Request, Wire
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.version_status import VersionStatus

_T = TypeVar("_T")


class Calls:
    """Writes, splits, sends and reads; `Endpoints` says what the options mean.

    The model's signatures are asked for before the first prediction and after
    one that failed: they tell dtypes, how to split a batch, and the names of
    outputs, which REST leaves out where there is one.
    """

    def __init__(
        self,
        wire: Wire,
        connection: Connection,
        *,
        timeout: float,
        retries: int,
        max_batch: int,
    ):
        self._wire = wire
        self._connection = connection
        self._timeout = timeout
        self._retries = retries
        self._max_batch = max_batch
        self._signatures: dict[str, Signature] = {}

    async def predict(
        self,
        signature: str,
        inputs: Mapping[str, ArrayLike],
        form: Callable[[dict[str, np.ndarray]], _T],
        timeout: float | None,
    ) -> _T:
        """Asks a signature.

        Args:
          signature: its name.
          inputs: by name.
          form: makes the result of the arrays by output.
          timeout: seconds, or None for the client's.
        """
        deadline = self._deadline(timeout)
        if signature not in self._signatures:
            self._signatures = await self._metadata(deadline)
        if signature not in self._signatures:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f'Serving signature key "{signature}" not found; the model '
                f"has {', '.join(self._signatures)}",
            )
        try:
            answer = await self._predict(signature, inputs, deadline)
        except ServingError:
            # Another version may answer by now.
            self._signatures = {}
            raise
        return _read(form, answer)

    async def metadata(self, timeout: float | None) -> dict[str, Signature]:
        """Asks for the signatures."""
        return await self._metadata(self._deadline(timeout))

    async def versions(self, timeout: float | None) -> list[VersionStatus]:
        """Asks for the state of the versions."""
        request, deadline = self._wire.statuses(), self._deadline(timeout)
        answer = await self._send(request, deadline)
        return _read(self._wire.read_statuses, answer)

    async def close(self) -> None:
        """Closes the connection."""
        await self._connection.close()

    async def _predict(
        self, name: str, inputs: Mapping[str, ArrayLike], deadline: float
    ) -> dict[str, np.ndarray]:
        signature = self._signatures[name]
        answers = []
        for piece in pieces(signature, signature.cast(inputs), self._max_batch):
            answer = await self._send(
                self._wire.predict(name, signature, piece), deadline
            )
            answers.append(_read(self._wire.read_predict, answer, signature))
        return joined(answers)

    async def _metadata(self, deadline: float) -> dict[str, Signature]:
        answer = await self._send(self._wire.metadata(), deadline)
        return _read(self._wire.read_metadata, answer)

    async def _send(self, request: Request, deadline: float) -> bytes:
        return await send(self._connection, request, deadline, self._retries)

    def _deadline(self, timeout: float | None) -> float:
        return time.monotonic() + (
            self._timeout if timeout is None else timeout
        )


def _read(read: Callable[..., _T], *arguments: Any) -> _T:
    try:
        return read(*arguments)
    except Exception as error:  # whatever it is that somebody answers
        raise ServingError(
            Code.INTERNAL,
            "the answer is not of TensorFlow Serving's protocol "
            f"({type(error).__name__}: {error})",
        ) from error
