"""Values of JSON as arrays of a signature's dtype, and nothing else.

numpy alone would take null for NaN, true for 1.0 and "1" for 1.0.
"""

import binascii
from itertools import chain
from typing import Any

import numpy as np

from tfdisent.export.tensors import DTYPES, STRING, type_name
from tfdisent.serving.rest.json_text import shown
from tfdisent.serving.status import Code, ServingError

# By numpy's kind of dtype: types of what may stand for an element.
_TYPES = {
    "f": {int, float},
    "i": {int},
    "u": {int},
    "b": {bool},
    "O": {str, dict},
}


def to_array(value: Any, number: int) -> np.ndarray:
    """Makes an array of nested lists, as the REST protocol wants them.

    Args:
      value: of JSON: one element, a list of such values, or an array of int64
        or float64 that stands for lists.
      number: of the DataType. A floating point number may be any number, and
        is infinite beyond its range; an integer must be written as one and fit
        (TensorFlow Serving lets small ones wrap around); a string is a string
        or `{"b64": TEXT}`.

    Returns:
      The array; strings are of dtype object and hold bytes.

    Raises:
      ServingError: INVALID_ARGUMENT; UNIMPLEMENTED for other DataTypes.
    """
    if number not in DTYPES:
        raise ServingError(
            Code.UNIMPLEMENTED,
            f"Conversion of JSON Value: {shown(value)} to type:"
            f" {_shown_type(number)}",
        )
    dtype = DTYPES[number]
    if isinstance(value, np.ndarray):
        elements, shape = value.ravel(), value.shape
        types = {int if value.dtype.kind == "i" else float}
    else:
        elements, shape = _flatten(value)
        types = set(map(type, elements))
    if not types <= _TYPES[dtype.kind]:
        found = next(x for x in elements if type(x) not in _TYPES[dtype.kind])
        raise _type_error(found, number)
    if number == STRING:
        array = np.empty(len(elements), object)
        array[:] = [_to_bytes(x, number) for x in elements]
        return array.reshape(shape)
    if dtype.kind in "iu":
        _check_range(elements, dtype, number)
    if dtype.kind == "f":
        # By way of float64, as TensorFlow Serving does.
        elements = np.asarray(elements, np.float64)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(elements, dtype).reshape(shape)


def is_b64(value: Any) -> bool:
    """Whether a value is an object that stands for bytes."""
    return (
        type(value) is dict
        and value.keys() == {"b64"}
        and type(value["b64"]) is str
    )


def _flatten(value: Any) -> tuple[list[Any], list[int]]:
    """The elements of nested lists, and the sizes of the lists."""
    level, shape = [value], []
    while list in (types := set(map(type, level))):
        if len(types) > 1 or len(sizes := set(map(len, level))) > 1:
            raise _ragged(level, len(shape))
        shape.append(sizes.pop())
        level = list(chain.from_iterable(level))
    return level, shape


def _ragged(level: list[Any], depth: int) -> ServingError:
    if any(type(x) is not list for x in level):
        text = f"Encountered list at unexpected level: {depth}"
    else:
        sizes = list(map(len, level))
        other = next(size for size in sizes if size != sizes[0])
        text = (
            f"Encountered list at unexpected size: {other} at level: {depth}"
            f" expected size: {sizes[0]}"
        )
    return ServingError(Code.INVALID_ARGUMENT, text)


def _check_range(elements: Any, dtype: np.dtype, number: int) -> None:
    bounds = np.iinfo(dtype)
    if isinstance(elements, np.ndarray):
        extremes = elements.min(), elements.max()
    else:
        extremes = min(elements, default=0), max(elements, default=0)
    for value in extremes:
        if not bounds.min <= value <= bounds.max:
            raise _type_error(value, number)


def _to_bytes(value: str | dict, number: int) -> bytes:
    if type(value) is str:
        try:
            return value.encode()
        except UnicodeEncodeError:  # half of a pair
            raise _type_error(value, number) from None
    if not is_b64(value):
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"JSON Value: {shown(value)} not formatted correctly for base64"
            ' data: only {"b64": "..."} is.',
        )
    text = "".join(value["b64"].split())
    if "=" not in text:  # then it may be left out
        text += "=" * (-len(text) % 4)
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise ServingError(
            Code.INVALID_ARGUMENT, "Unable to base64 decode"
        ) from None


def _type_error(value: Any, number: int) -> ServingError:
    if isinstance(value, np.generic):
        value = value.item()
    return ServingError(
        Code.INVALID_ARGUMENT,
        f"JSON Value: {shown(value)} is not of expected type:"
        f" {_shown_type(number)}",
    )


def _shown_type(number: int) -> str:
    return type_name(number).removeprefix("DT_").lower()
