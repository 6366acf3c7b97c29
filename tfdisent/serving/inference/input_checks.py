"""A request against its signature, before it meets any other request."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tfdisent.export.tensors import NUMBERS, type_name
from tfdisent.serving.inference.signature import Signature, Tensor
from tfdisent.serving.limits import Limits
from tfdisent.serving.status import Code, ServingError

# As TensorFlow's messages name them: "float", "string".
_SHOWN_DTYPES = {
    dtype: type_name(number).removeprefix("DT_").lower()
    for dtype, number in NUMBERS.items()
}
_METHODS = [
    f"tensorflow/serving/{name}" for name in ("classify", "predict", "regress")
]


class CheckedRequest(NamedTuple):
    """What may run.

    Attributes:
      inputs: arrays by name, in the order of the names; strings are arrays of
        dtype object that hold bytes.
      outputs: names of the outputs that are asked for.
      rows: batch size; None if it must run by itself.
      row_size: how many rows' work one row is: the product of its axes whose
        sizes the request chose, such as the values of a traversal.
    """

    inputs: dict[str, np.ndarray]
    outputs: tuple[str, ...]
    rows: int | None
    row_size: int


def check_request(
    signature: Signature,
    inputs: Mapping[str, np.ndarray],
    output_filter: Sequence[str],
    limits: Limits,
) -> CheckedRequest:
    """Checks names, dtypes, shapes and sizes.

    Args:
      signature: what is asked for.
      inputs: arrays by name.
      output_filter: names of the outputs to fetch; none for all.
      limits: of the server.

    Returns:
      The request.

    Raises:
      ServingError: INVALID_ARGUMENT with TensorFlow Serving's text where it
        has one, or UNIMPLEMENTED for a dtype that cannot be fed or fetched.
    """
    if signature.method_name not in _METHODS:
        raise _invalid(
            "Expected prediction signature method_name to be one of"
            f" {_set(_METHODS)}. Was: {signature.method_name}."
        )
    _check_names(signature, inputs)
    outputs = _outputs(signature, tuple(output_filter))
    every = {**signature.defaults, **inputs}
    given = {name: every[name] for name in signature.inputs}
    row_sizes = []
    for i, (name, array) in enumerate(given.items()):
        tensor = signature.inputs[name]
        _check_dtype(i, name, array, tensor)
        _check_shape(name, array, tensor.shape)
        if limits.is_strict and array.dtype.kind == "f":
            _check_finite(name, array)
        if tensor.shape and -1 in tensor.shape[1:]:
            axes = zip(tensor.shape[1:], array.shape[1:], strict=True)
            row_sizes.append(math.prod(n for size, n in axes if size < 0))
    row_size = max(row_sizes, default=1)
    rows = None
    if signature.is_batched:
        rows = _rows(given, limits)
        _check_work(rows, row_size, limits)
        _check_answer_size(signature, outputs, rows, row_size, limits)
    return CheckedRequest(given, outputs, rows, row_size)


def empty_answer(
    signature: Signature, request: CheckedRequest
) -> dict[str, np.ndarray]:
    """The answer to no rows, which TensorFlow's convolutions do not take."""
    answer = {}
    for name in request.outputs:
        tensor = signature.outputs[name]
        shape = (0, *_row_shape(tensor, request.row_size))
        answer[name] = np.empty(shape, tensor.dtype)
    return answer


def _check_names(signature: Signature, inputs: Mapping[str, object]) -> None:
    sent, known = inputs.keys(), signature.inputs.keys()
    if sent == known:
        return
    if not signature.defaults and len(sent) != len(known):
        raise _invalid(
            f"input size does not match signature: {len(sent)}!={len(known)}"
            f" len({_set(sent)}) != len({_set(known)}). Sent extra:"
            f" {_set(sent - known)}. Missing but required:"
            f" {_set(known - sent)}."
        )
    for name in sorted(known - sent - signature.defaults.keys()):
        raise _invalid(
            f"Signature input alias: {name}(feed name:"
            f" {signature.inputs[name].name}) not found in request and no"
            " default value provided. Inputs expected to be in the set"
            f" {_set(known)}."
        )
    if sent - known:
        raise _invalid(
            f"Inputs contains invalid name. Sent extra: {_set(sent - known)}."
        )


def _outputs(
    signature: Signature, output_filter: tuple[str, ...]
) -> tuple[str, ...]:
    for name in output_filter:
        if name not in signature.outputs:
            raise _invalid(
                f"output tensor alias not found in signature: {name} Outputs"
                f" expected to be in the set {_set(signature.outputs)}."
            )
        if output_filter.count(name) > 1:
            raise _invalid(f"duplicate output tensor alias: {name}")
    outputs = tuple(sorted(output_filter) or signature.outputs)
    for name in outputs:
        _check_known(name, signature.outputs[name])
    return outputs


def _check_known(name: str, tensor: Tensor) -> None:
    if tensor.dtype is None:
        raise ServingError(
            Code.UNIMPLEMENTED,
            f"{name} has a data type that this server does not know; it knows"
            f" {_set(_SHOWN_DTYPES.values())}.",
        )


def _check_dtype(i: int, name: str, array: np.ndarray, tensor: Tensor) -> None:
    _check_known(name, tensor)
    given = array.dtype
    if given != tensor.dtype:
        raise _invalid(
            f"Expects arg[{i}] to be {_SHOWN_DTYPES[tensor.dtype]} but"
            f" {_SHOWN_DTYPES.get(given, given)} is provided ({name})"
        )
    if given.hasobject and not all(isinstance(x, bytes) for x in array.flat):
        raise _invalid(f"{name} must hold bytes.")


def _check_shape(
    name: str, array: np.ndarray, shape: tuple[int, ...] | None
) -> None:
    if shape is None:
        return
    if array.ndim != len(shape) or any(
        size not in (-1, given)
        for size, given in zip(shape, array.shape, strict=True)
    ):
        given = ",".join(map(str, array.shape))
        expected = ",".join("?" if n < 0 else str(n) for n in shape)
        raise _invalid(
            f"Shape of tensor {name} [{given}] is not compatible with expected"
            f" shape [{expected}]."
        )


def _check_finite(name: str, array: np.ndarray) -> None:
    if not np.isfinite(array).all():
        raise _invalid(f"{name} holds NaN or infinities.")


def _rows(inputs: Mapping[str, np.ndarray], limits: Limits) -> int:
    counts = {len(array) for array in inputs.values()}
    if len(counts) > 1:
        raise _invalid(
            "All inputs must have the same number of rows, the size of their"
            " first axis, not"
            f" {_set(f'{name}: {len(a)}' for name, a in inputs.items())}."
        )
    rows = counts.pop()
    if rows > limits.rows:
        raise _invalid(
            f"Task size {rows} is larger than maximum input batch size"
            f" {limits.rows}"
        )
    return rows


def _check_work(rows: int, row_size: int, limits: Limits) -> None:
    """Bounds how long a request may keep the others waiting."""
    if rows * row_size > limits.waiting_rows:
        raise _invalid(
            f"The request is as much work as {rows * row_size} rows, more than"
            f" the {limits.waiting_rows} that may wait; ask for fewer at a"
            " time."
        )


def _check_answer_size(
    signature: Signature,
    outputs: tuple[str, ...],
    rows: int,
    row_size: int,
    limits: Limits,
) -> None:
    """Bounds what a few bytes may ask for, such as 256 images a row."""
    elements = rows * sum(
        math.prod(_row_shape(signature.outputs[name], row_size))
        for name in outputs
    )
    if elements > limits.elements:
        raise _invalid(
            f"The answer would hold {elements} elements, more than the"
            f" {limits.elements} that are allowed; ask for fewer at a time."
        )


def _row_shape(tensor: Tensor, row_size: int) -> Iterator[int]:
    """One row's shape; `row_size` stands for its first open axis."""
    open_sizes = iter([row_size])
    for size in tensor.shape[1:]:
        yield size if size >= 0 else next(open_sizes, 1)


def _set(names: Iterable[str]) -> str:
    return f"{{{','.join(sorted(names))}}}"


def _invalid(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
