"""Requests cut into parts that run at once, and parts that run together."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tfdisent.serving.inference.input_checks import CheckedRequest
from tfdisent.serving.status import Code, ServingError

Arrays = Mapping[str, np.ndarray]
Run = Callable[[Arrays, Sequence[str]], Arrays]
"""Runs {input: array} for some outputs and returns {output: array}."""


class Part(NamedTuple):
    """Rows of one request.

    Attributes:
      inputs: arrays by name.
      outputs: names of the outputs that are asked for.
      rows: batch size; None if it must run by itself, as it is.
      size: rows, each counted as often as the work that it is.
      key: parts with the same key may run together.
    """

    inputs: Arrays
    outputs: tuple[str, ...]
    rows: int | None
    size: int
    key: Hashable


def cut(request: CheckedRequest, most: int) -> list[Part]:
    """Cuts a request that is too large to run at once.

    Args:
      request: has at least one row.
      most: size of a part, unless one row is larger.

    Returns:
      Its rows in order.
    """
    inputs, outputs, rows, row_size = request
    row_size = max(1, row_size)
    if rows is None:
        return [Part(inputs, outputs, None, row_size, object())]
    key = (outputs, *(array.shape[1:] for array in inputs.values()))
    step = max(1, most // row_size)
    if rows <= step:
        return [Part(inputs, outputs, rows, rows * row_size, key)]
    return [
        Part(
            {name: a[start : start + step] for name, a in inputs.items()},
            outputs,
            min(step, rows - start),
            min(step, rows - start) * row_size,
            key,
        )
        for start in range(0, rows, step)
    ]


def put_together(answers: Sequence[Arrays]) -> Arrays:
    """The answer to a request from those to its parts, in order."""
    if len(answers) == 1:
        return answers[0]
    return {
        name: np.concatenate([answer[name] for answer in answers])
        for name in answers[0]
    }


def run_together(
    run: Run, parts: Sequence[Part], allowed_sizes: Sequence[int]
) -> list[Arrays]:
    """Runs parts as one batch.

    Args:
      run: runs the batch.
      parts: have the same key.
      allowed_sizes: rows of a batch, increasing: it is padded to the next.

    Returns:
      The answer to each.

    Raises:
      ServingError: an output has not the batch's rows, or from `run`.
    """
    first = parts[0]
    if first.rows is None:
        return [run(first.inputs, first.outputs)]
    rows = sum(part.rows for part in parts)
    ran = next((size for size in allowed_sizes if size >= rows), rows)
    inputs = {}
    for name, array in first.inputs.items():
        arrays = [part.inputs[name] for part in parts]
        # A true row, since zeros may be refused.
        arrays += [array[:1]] * (ran - rows)
        inputs[name] = np.concatenate(arrays) if arrays[1:] else array
    outputs = run(inputs, first.outputs)
    if any(array.shape[:1] != (ran,) for array in outputs.values()):
        raise ServingError(
            Code.FAILED_PRECONDITION,
            "Batched output tensor's 0th dimension does not equal the sum of"
            " the 0th dimension sizes of the input tensors",
        )
    answers, end = [], 0
    for part in parts:
        start, end = end, end + part.rows
        answers.append({name: a[start:end] for name, a in outputs.items()})
    return answers
