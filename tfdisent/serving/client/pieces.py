"""Large batches in pieces that messages have room for."""

import math
from collections.abc import Iterator, Mapping, Sequence

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


def joined(
    answers: Sequence[dict[str, np.ndarray]],
) -> dict[str, np.ndarray]:
    """Puts the answers to pieces together again."""
    if len(answers) == 1:
        return answers[0]
    return {
        name: np.concatenate([answer[name] for answer in answers])
        for name in answers[0]
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
    """Bytes of a row of the outputs, as far as can be known.

    A size that requests choose is taken for the largest that this one chose.
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
    free = max(chosen, default=1)
    return sum(_row_bytes(spec, free) for spec in signature.outputs.values())


def _row_bytes(spec: TensorSpec, free: int) -> int:
    elements = math.prod(
        free if size is None else size for size in spec.shape[1:]
    )
    if spec.dtype is None or spec.dtype.kind == "O":
        return elements * _STRING_BYTES
    return elements * spec.dtype.itemsize
