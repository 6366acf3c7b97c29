"""One loaded version of a model."""

import asyncio
import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

import numpy as np

from tfdisent.errors import RunError
from tfdisent.export.contract import CARD_FILE, DEFAULT
from tfdisent.export.messages import PredictRequest, SignatureDef
from tfdisent.export.native_session import NativeSession, start_runtime
from tfdisent.export.tensors import TensorError, to_array
from tfdisent.serving.inference.batching import DEFAULT_BATCHING, Batching
from tfdisent.serving.inference.coalescer import Coalescer
from tfdisent.serving.inference.input_checks import (
    check_request,
    empty_answer,
)
from tfdisent.serving.inference.native_errors import serving_error
from tfdisent.serving.inference.png_check import check_pngs
from tfdisent.serving.inference.signature import Signature, read_signature
from tfdisent.serving.inference.warm_up_replay import replay_warm_up
from tfdisent.serving.limits import Limits
from tfdisent.serving.status import Code, ServingError

# That one operation uses: runs beside each other use the processors better.
THREADS = 1


class Servable:
    """A version that answers requests.

    The constructor blocks for a second or so and belongs in a thread; all else
    belongs to one event loop.

    Args:
      name: of the model.
      version: its number.
      directory: of the SavedModel; its warm-up requests are run.
      limits: of the server.
      batching: which requests run together.
      observe: told each batch's rows, and the longest wait in it in seconds.
      on_drop: called for each request that ended before all of it ran.

    Attributes:
      name: of the model.
      version: its number.
      signatures: `SignatureDef` by name.
      card: the export's model card, or None.

    Raises:
      NativeError: the SavedModel does not load; the text is for the operator.
      ServingError: its variables are missing, or a warm-up request fails.
    """

    def __init__(
        self,
        name: str,
        version: int,
        directory: Path,
        *,
        limits: Limits,
        batching: Batching = DEFAULT_BATCHING,
        observe: Callable[[int, float], None] | None = None,
        on_drop: Callable[[], None] | None = None,
    ):
        self.name = name
        self.version = version
        self._limits = limits
        self.card = _read_card(directory)
        _check_variables(directory)
        start_runtime(THREADS)
        self._session = NativeSession(directory)
        try:
            self.signatures: Mapping[str, SignatureDef] = MappingProxyType(
                self._session.signatures
            )
            self._definitions = {
                key: read_signature(message, limits.elements)
                for key, message in self.signatures.items()
            }
            replay_warm_up(directory, self._warm_up)
        except BaseException:
            self._session.close()
            raise
        # Threads are started as they are needed.
        self._executor = ThreadPoolExecutor(
            batching.num_batch_threads * max(1, len(self.signatures)),
            thread_name_prefix=f"{name}-{version}",
        )
        self._coalescers = {
            key: Coalescer(
                functools.partial(self._run, definition),
                self._executor,
                batching,
                waiting_rows=limits.waiting_rows,
                observe=observe,
                on_drop=on_drop,
            )
            for key, definition in self._definitions.items()
        }

    async def predict(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Sequence[str] = (),
        deadline: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Answers one request.

        Args:
          signature: one of `signatures`.
          inputs: arrays by name; strings are arrays of dtype object that hold
            bytes.
          output_filter: names of the outputs to return; none for all.
          deadline: time of the event loop at which the caller is told.

        Returns:
          Arrays by name, which may not be written.

        Raises:
          ServingError: the request is wrong, came too late or failed.
        """
        definition = self._definitions[signature]
        request = check_request(definition, inputs, output_filter, self._limits)
        if request.rows == 0:
            return empty_answer(definition, request)
        await check_pngs(request.inputs, self._limits)
        return await self._coalescers[signature].answer(request, deadline)

    async def close(self) -> None:
        """Frees the memory, when the last run is done; none may come after."""
        for coalescer in self._coalescers.values():
            await coalescer.idle()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._executor.shutdown()
        self._session.close()

    def _run(
        self,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str],
    ) -> dict[str, np.ndarray]:
        try:
            arrays = self._session.run(
                {signature.inputs[key].name: a for key, a in inputs.items()},
                [signature.outputs[key].name for key in outputs],
            )
        except RunError as error:
            raise serving_error(error) from error
        return dict(zip(outputs, arrays, strict=True))

    def _warm_up(self, request: PredictRequest) -> None:
        name = request.model_spec.signature_name or DEFAULT
        if name not in self.signatures:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f'Serving signature key "{name}" not found.',
            )
        definition = self._definitions[name]
        try:
            inputs = {
                key: to_array(tensor, self._limits.elements)
                for key, tensor in request.inputs.items()
            }
        except TensorError as error:
            raise ServingError(Code.INVALID_ARGUMENT, str(error)) from error
        checked = check_request(
            definition, inputs, request.output_filter, self._limits
        )
        if checked.rows != 0:
            self._run(definition, checked.inputs, checked.outputs)


def _read_card(directory: Path) -> bytes | None:
    path = directory / CARD_FILE
    return path.read_bytes() if path.is_file() else None


def _check_variables(directory: Path) -> None:
    """Refuses a half-copied version: it loads, and fails each request."""
    graph = directory / "saved_model.pb"
    is_there = (directory / "variables" / "variables.index").is_file()
    if (
        not is_there
        and graph.is_file()
        and b"VarHandleOp" in graph.read_bytes()
    ):
        raise ServingError(
            Code.FAILED_PRECONDITION,
            "The version has no variables; it is damaged or half copied.",
        )
