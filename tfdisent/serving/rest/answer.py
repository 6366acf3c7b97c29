"""The answer to a Predict request over REST, in rows or in columns."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from tfdisent.serving.status import Code, ServingError

# Written in one call, which holds Python's lock: some milliseconds.
_PIECE = 2**15
_DTYPES = {"float32", "float64", "int8", "int16", "int32", "int64"}
_DTYPES |= {"uint8", "uint16", "uint32", "uint64", "bool", "object"}


def write_answer(outputs: Mapping[str, np.ndarray], is_row: bool) -> bytes:
    """Writes the outputs as TensorFlow Serving does.

    A floating point number is the shortest text that reads back to the same
    number of its own precision, with a point or an exponent; NaN, Infinity and
    -Infinity stand for themselves. Bytes whose name ends in "_bytes" are
    `{"b64": TEXT}`, other bytes must be UTF-8.

    Args:
      outputs: array by name; strings are of dtype object and hold bytes.
      is_row: whether the request was a list of examples.

    Returns:
      `{"predictions": [one item per example]}` or `{"outputs": ...}`, where a
      single output stands without its name.

    Raises:
      ServingError: INVALID_ARGUMENT; the outputs cannot be written so.
    """
    for name, array in outputs.items():
        if array.dtype.name not in _DTYPES:
            raise _invalid(
                "Failed to write JSON value for tensor type:"
                f" {array.dtype.name} ({name})"
            )
    if not is_row:
        columns = {name: _text(x, name) for name, x in outputs.items()}
        return b'{"outputs":%b}' % _member(columns)
    _check_rows(outputs)
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        return b'{"predictions":%b}' % _text(array, name)
    columns = [[_text(x, name) for x in xs] for name, xs in outputs.items()]
    rows = (
        _member(dict(zip(outputs, row, strict=True)))
        for row in zip(*columns, strict=True)
    )
    return b'{"predictions":[%b]}' % b",".join(rows)


def _check_rows(outputs: Mapping[str, np.ndarray]) -> None:
    rows = None
    for name, array in outputs.items():
        if not array.ndim:
            raise _invalid(f"Tensor name: {name} has no shape information")
        rows = len(array) if rows is None else rows
        if len(array) != rows:
            raise _invalid(
                f"Tensor name: {name} has inconsistent batch size:"
                f" {len(array)} expecting: {rows}"
            )


def _member(texts: Mapping[str, bytes]) -> bytes:
    if len(texts) == 1:
        return next(iter(texts.values()))
    members = (orjson.dumps(name) + b":" + x for name, x in texts.items())
    return b"{%b}" % b",".join(members)


def _text(values: Any, name: str) -> bytes:
    """The text of an array, or of one element of it."""
    if isinstance(values, bytes):
        return orjson.dumps(_string(values, name))
    if values.dtype == object and not values.ndim:
        return _text(values.item(), name)
    if values.dtype == object or values.shape[:1] == (1,):
        return b"[%b]" % b",".join(_text(x, name) for x in values)
    if values.size > _PIECE:
        step = max(1, _PIECE * len(values) // values.size)
        pieces = range(0, len(values), step)
        texts = (_text(values[i : i + step], name) for i in pieces)
        return b"[%b]" % b",".join(text[1:-1] for text in texts)
    # orjson takes no arrays without axes.
    content = np.ascontiguousarray(values) if values.ndim else values[()]
    text = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return text
    # It writes each of the others as null, and nothing else.
    first, *rest = text.split(b"null")
    lost = np.ravel(values)[~np.isfinite(np.ravel(values))]
    return first + b"".join(
        _token(x) + piece for x, piece in zip(lost, rest, strict=True)
    )


def _token(value: np.floating) -> bytes:
    if np.isnan(value):
        return b"NaN"
    return b"Infinity" if value > 0 else b"-Infinity"


def _string(value: bytes, name: str) -> Any:
    if name.endswith("_bytes"):
        return {"b64": base64.b64encode(value).decode()}
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise _invalid(
            f"Output {name} holds bytes that are no text; give it a name that"
            " ends in _bytes."
        ) from None


def _invalid(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
