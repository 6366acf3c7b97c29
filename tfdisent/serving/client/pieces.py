"""Large batches in pieces that messages have room for."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from tfdisent.serving.client.signatures import Signature, TensorSpec

PIECE_BYTES = 4_000_000
"""Of a request or an answer: gRPC's usual limit is 4 MiB."""

# A string of an answer is of unknown length: a small picture, most likely.
_STRING_BYTES = 16_384


def pieces(
    signature: Signature, inputs: Mapping[str, np.ndarray], max_batch: int
) -> Iterator[dict[str, np.ndarray]]:
    """Splits a batch by rows, if the first axis of all tensors is the batch.

    Args:
      signature: of the request.
      inputs: array by name.
      max_batch: most rows of a piece. It also has no more rows than keep the
        request and the answer under `PIECE_BYTES`, but for a single row.
    """
    rows = _rows(signature, inputs)
    if not rows:
        yield dict(inputs)
        return
    size = max(_asked(inputs, rows), _answered(signature, inputs), 1)
    step = max(1, min(max_batch, PIECE_BYTES // size))
    for start in range(0, rows, step):
        yield {name: x[start : start + step] for name, x in inputs.items()}


def without_rows(
    signature: Signature, inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray] | None:
    """The answer to a batch without rows, which JSON cannot ask for.

    In it [] stands for zero rows of any shape.

    Args:
      signature: of the request.
      inputs: array by name.

    Returns:
      Arrays without rows; None if the batch has rows, or is none that the
      signature takes: what is wrong then is the server's to say.
    """
    is_taken = inputs.keys() == signature.inputs.keys() and all(
        _fits(array, signature.inputs[name]) for name, array in inputs.items()
    )
    if not is_taken or _rows(signature, inputs) != 0:
        return None
    free = _free(signature, inputs)
    return {
        name: np.empty([0, *_sizes(spec, free)], spec.dtype)
        for name, spec in signature.outputs.items()
    }


def _rows(signature: Signature, inputs: Mapping[str, np.ndarray]) -> int | None:
    """Rows of the batch; None if there is no such thing."""
    specs = [*signature.inputs.values(), *signature.outputs.values()]
    if not all(spec.shape and spec.shape[0] is None for spec in specs):
        return None
    rows = {x.shape[0] if x.ndim else None for x in inputs.values()}
    return rows.pop() if len(rows) == 1 else None


def _asked(inputs: Mapping[str, np.ndarray], rows: int) -> int:
    """Bytes of a row of the inputs, of strings those of the longest."""
    return sum(
        max(map(len, x.flat), default=0) * x.size // rows
        if x.dtype.kind == "O"
        else x.nbytes // rows
        for x in inputs.values()
    )


def _answered(signature: Signature, inputs: Mapping[str, np.ndarray]) -> int:
    """Bytes of a row of the outputs, as far as can be known."""
    free = _free(signature, inputs)
    return sum(_row_bytes(spec, free) for spec in signature.outputs.values())


def _free(signature: Signature, inputs: Mapping[str, np.ndarray]) -> int:
    """What sizes of outputs that requests choose are taken for.

    It is the largest that this one chose, beside its rows.
    """
    chosen = [
        size
        for name, spec in signature.inputs.items()
        if name in inputs
        for size, promised in zip(
            inputs[name].shape[1:], spec.shape[1:], strict=False
        )
        if promised is None
    ]
    return max(chosen, default=1)


def _fits(array: np.ndarray, spec: TensorSpec) -> bool:
    return (
        bool(spec.shape)
        and array.ndim == len(spec.shape)
        and all(
            promised in (None, size)
            for size, promised in zip(array.shape, spec.shape, strict=True)
        )
    )


def _sizes(spec: TensorSpec, free: int) -> list[int]:
    """Of a row."""
    return [free if size is None else size for size in spec.shape[1:]]


def _row_bytes(spec: TensorSpec, free: int) -> int:
    elements = math.prod(_sizes(spec, free))
    if spec.dtype is None or spec.dtype.kind == "O":
        return elements * _STRING_BYTES
    return elements * spec.dtype.itemsize
