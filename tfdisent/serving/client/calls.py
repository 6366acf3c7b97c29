"""Calls of a client from arrays to arrays, over any protocol."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from tfdisent.serving.client.pieces import pieces, without_rows
from tfdisent.serving.client.retries import send
from tfdisent.serving.client.signatures import Signature
from tfdisent.serving.client.wire import Connection, Metadata, Request, Wire
from tfdisent.serving.inference.request_parts import put_together
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.version_status import VersionStatus

_T = TypeVar("_T")


class Calls:
    """Writes, splits, sends and reads; `Endpoints` says what the options mean.

    The model's signatures are asked for before the first prediction and after
    one that failed: they tell dtypes, how to split a batch, and the names of
    outputs, which REST leaves out where there is one. They come with the
    version, so they are also asked for before each prediction in pieces: all
    of these go to that version, since one batch is one answer.
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
        try:
            answer = await self._predict(
                signature, inputs, self._deadline(timeout)
            )
        except ServingError:
            # Another version may answer by now.
            self._signatures = {}
            raise
        return _read(form, answer)

    async def metadata(self, timeout: float | None) -> dict[str, Signature]:
        """Asks for the signatures."""
        return (await self._metadata(self._deadline(timeout))).signatures

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
        signatures = self._signatures
        if name not in signatures:
            signatures = (await self._metadata(deadline)).signatures
        signature = _named(name, signatures)
        arrays = signature.cast(inputs)
        answer = without_rows(signature, arrays)
        if answer is not None:
            return answer
        first, *others = pieces(signature, arrays, self._max_batch)
        if not others:
            return await self._run(self._wire, name, signature, first, deadline)
        try:
            return await self._of_one_version(name, inputs, deadline)
        except ServingError as error:
            if error.code != Code.NOT_FOUND:
                raise
        # The version has ended since, most likely for the next.
        return await self._of_one_version(name, inputs, deadline)

    async def _of_one_version(
        self, name: str, inputs: Mapping[str, ArrayLike], deadline: float
    ) -> dict[str, np.ndarray]:
        version, signatures = await self._metadata(deadline)
        wire, signature = self._wire.pinned(version), _named(name, signatures)
        arrays = signature.cast(inputs)
        answers = [
            await self._run(wire, name, signature, piece, deadline)
            for piece in pieces(signature, arrays, self._max_batch)
        ]
        return put_together(answers)

    async def _run(
        self,
        wire: Wire,
        name: str,
        signature: Signature,
        piece: Mapping[str, np.ndarray],
        deadline: float,
    ) -> dict[str, np.ndarray]:
        request = wire.predict(name, signature, piece)
        answer = await self._send(request, deadline)
        return _read(wire.read_predict, answer, signature)

    async def _metadata(self, deadline: float) -> Metadata:
        answer = await self._send(self._wire.metadata(), deadline)
        metadata = _read(self._wire.read_metadata, answer)
        self._signatures = metadata.signatures
        return metadata

    async def _send(self, request: Request, deadline: float) -> bytes:
        return await send(self._connection, request, deadline, self._retries)

    def _deadline(self, timeout: float | None) -> float:
        return time.monotonic() + (
            self._timeout if timeout is None else timeout
        )


def _named(name: str, signatures: Mapping[str, Signature]) -> Signature:
    if name in signatures:
        return signatures[name]
    raise ServingError(
        Code.FAILED_PRECONDITION,
        f'Serving signature key "{name}" not found; the model has '
        f"{', '.join(signatures)}",
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
