"""The text of a REST request, read as TensorFlow Serving's parser reads it.

It takes what JSON does not have: NaN and infinities. Of two equal keys the
first counts, and text after the closing brace is ignored.
"""

import json
import re
from typing import Any

import numpy as np

from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.json_numbers import read_numbers
from tfdisent.serving.status import Code, ServingError

# An unclosed string ends with the text, so that no text is scanned twice.
# Both begin with a sign of their own, which the search skips to.
_STRING_OR_INF = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|Inf\b', re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r]*")
# How each sign changes the depth.
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1
# Names of inputs, and bytes with the key "b64".
_STRINGS_PER_ROW = 16
# Of what is not one array: to make Python's objects of more would hold
# Python's lock, and so the event loop, for seconds.
_MAX_VALUES = 2**20
_MAX_SIGNS = 2**24

# The form of nearly all large requests: one array and at most a signature.
_NAME = rb'"signature_name"\s*+:\s*+"([\w.-]*+)"'
_HEAD = re.compile(
    rb'\s*+\{\s*+(?:%b\s*+,\s*+)?"(instances|inputs)"\s*+:\s*+(?=\[)' % _NAME,
)
_TAIL = re.compile(rb"\s*+(?:,\s*+%b\s*+)?\}\s*+" % _NAME)
_DIGITS = 20  # of -2^63 with its sign, and of 2^64 - 1


def read_object(body: bytes, limits: Limits) -> dict[str, Any]:
    """Reads the object that a body holds.

    Args:
      body: the text in UTF-8.
      limits: of nesting, of the count of values, and of strings and keys, of
        which 16 go with a row; all are checked before anything recursive is
        done. What is not one regular list of numbers has at most 2^20 values,
        lists included, and 2^24 characters outside of strings. If `is_strict`,
        the object must be all.

    Returns:
      The object. A list of equally long lists of numbers may be an array of
      int64, if all are written as integers, or else float64.

    Raises:
      ServingError: INVALID_ARGUMENT.
    """
    simple = _read_simple(body, limits)
    if simple is not None:
        return simple
    _check_size(body, limits)
    try:
        text = body.decode()
        if "Inf" in text:
            text = _STRING_OR_INF.sub(_standard_infinity, text)
        start = _SPACE.match(text).end()
        if start == len(text):
            raise _error("The document is empty")
        value, end = _DECODER.raw_decode(text, start)
    except UnicodeDecodeError as error:
        raise _error(f"No UTF-8 at offset: {error.start}") from None
    except json.JSONDecodeError as error:
        raise _error(f"{error.msg} at offset: {error.pos}") from None
    except RecursionError:
        raise _error("Nested too deeply") from None
    if limits.is_strict and _SPACE.match(text, end).end() != len(text):
        raise _error(f"Text after the document at offset: {end}")
    if type(value) is not dict:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"JSON Value: {shown(value)} Is not object"
        )
    return value


def shown(value: Any) -> str:
    """A value as errors show it, with its type: never more than a few words."""
    match value:
        case list() | np.ndarray():
            return "[...] Type: Array"
        case dict():
            return "{...} Type: Object"
        case str():
            kind = "String"
        case None:
            kind = "Null"
        case bool():
            kind = str(value)
        case _:
            kind = "Number"
    text = json.dumps(value)
    return f"{text if len(text) <= 40 else text[:40] + '...'} Type: {kind}"


def _read_simple(body: bytes, limits: Limits) -> dict[str, Any] | None:
    """Reads a body that is one array of numbers; None if it is not."""
    head = _HEAD.match(body)
    if not head:
        return None
    start, end = head.end(), body.rfind(b"]") + 1
    tail = _TAIL.fullmatch(body, end)
    if not tail:
        return None
    array = read_numbers(body[start:end], limits.elements)
    if array is None or array.ndim + 1 > limits.json_depth:
        return None
    name = tail[1] if head[1] is None else head[1]
    result = {head[2].decode(): array}
    if name is not None:
        result["signature_name"] = name.decode()
    return result


def _check_size(body: bytes, limits: Limits) -> None:
    # numpy, and not the reader, so that a hostile body does not hold Python's
    # lock. A quote that is part of a string follows an odd backslash.
    text = body.replace(rb"\\", b"__").replace(rb"\"", b"__")
    signs = np.frombuffer(text, np.uint8)
    quotes = signs == ord('"')
    if quotes.sum() // 2 > _STRINGS_PER_ROW * limits.rows:
        raise _error("Too many strings and keys")
    is_outside = np.cumsum(quotes, dtype=np.uint8) % 2 == 0
    signs = signs[is_outside]
    commas = (signs == ord(",")).sum()
    # A value that is no item of a list follows a colon.
    if commas - (signs == ord(":")).sum() >= limits.elements:
        raise _error(f"More than the {limits.elements} values that are allowed")
    # The first value in a list follows its bracket.
    values = commas + ((signs == ord("[")) | (signs == ord("{"))).sum()
    if values > _MAX_VALUES or len(signs) > _MAX_SIGNS:
        raise _error(
            f"More than {_MAX_VALUES} values, lists included, or {_MAX_SIGNS}"
            " characters, in what is not one regular list of numbers"
        )
    steps = _STEPS[signs]
    if np.cumsum(steps[steps != 0], dtype=np.int32).max(initial=0) > (
        limits.json_depth
    ):
        raise _error(
            f"Nested more than the {limits.json_depth} levels that are allowed"
        )


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _read_integer(text: str) -> int | float:
    # Larger ones are floats to TensorFlow Serving's parser as well.
    return int(text) if len(text) <= _DIGITS else float(text)


def _standard_infinity(match: re.Match) -> str:
    return "Infinity" if match[0] == "Inf" else match[0]


_DECODER = json.JSONDecoder(
    object_pairs_hook=_first_wins, parse_int=_read_integer
)


def _error(text: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, f"JSON Parse error: {text}")
