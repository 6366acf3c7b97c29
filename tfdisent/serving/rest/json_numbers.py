"""Nested lists of numbers, read as one array.

Most of a request's text is such a list. Reading it without a Python list for
each row of pixels takes a fifth of the time, and piece by piece, so that a
large one in a thread does not hold Python's lock for long.
"""

import numpy as np
import orjson

from tfdisent.export.tensors import MAX_RANK

_PIECE_BYTES = 2**18
_NUMBER = b"0123456789.eE+-"
_SPACE = b" \t\r\n"
# Each character of a number becomes "0", each space " "; brackets and commas
# stay.
_CLASSES = dict.fromkeys(_NUMBER, b"0") | dict.fromkeys(_SPACE, b" ")
_CLASSES |= {i: bytes([i]) for i in b"[],"}
_OUTLINE = b"".join(_CLASSES.get(i, b"?") for i in range(256))


def read_numbers(text: bytes, max_numbers: int) -> np.ndarray | None:
    """Reads a text that is a list of numbers, or of such lists.

    Args:
      text: JSON.
      max_numbers: that the array may hold.

    Returns:
      int64 if all numbers are written as integers and fit, else float64;
      None if the text is anything else, or is JSON in a form so rare that it
      is left to a complete reader: with an empty list, lists of unequal
      sizes, too many numbers, or one beyond float64.
    """
    outline = text.translate(_OUTLINE)
    if b"?" in outline or outline.count(b",") >= max_numbers:
        return None
    if b" " in outline:
        count = _count_numbers(outline)
        text = text.translate(None, _SPACE)
        outline = outline.translate(None, b" ")
        if _count_numbers(outline) != count:  # some have only space between
            return None
    if _has_number_outside(outline):
        return None
    shape = _shape(outline.translate(None, b"0"))
    if shape is None:
        return None
    is_integer = not any(sign in text for sign in b".eE")
    numbers = text.translate(None, b"[]")
    values = np.empty(np.prod(shape), np.int64 if is_integer else np.float64)
    return values.reshape(shape) if _fill(values, numbers) else None


def _count_numbers(outline: bytes) -> int:
    is_number = np.frombuffer(outline, np.uint8) == ord("0")
    starts = is_number[1:] > is_number[:-1]
    return int(is_number[:1].sum() + starts.sum())


def _has_number_outside(outline: bytes) -> bool:
    """Whether one stands before an opening or after a closing bracket."""
    signs = np.frombuffer(outline, np.uint8)
    first, second = signs[:-1], signs[1:]
    before = (first == ord("0")) & (second == ord("["))
    after = (first == ord("]")) & (second == ord("0"))
    return bool(before.any() or after.any())


def _shape(brackets: bytes) -> list[int] | None:
    """Sizes of the lists that brackets and commas alone make up."""
    rank = len(brackets) - len(brackets.lstrip(b"["))
    shape, inner = [], b""
    if not 0 < rank <= MAX_RANK:
        return None
    for level in range(1, rank + 1):
        # The first place with so many closing brackets ends the first list
        # of this level, whose size follows from the length of its items.
        end = brackets.find(b"]" * level) + level
        size, rest = divmod(end - (rank - level) - 1, len(inner) + 1)
        if end < level or size < 1 or rest:
            return None
        inner = b"[%b]" % ((inner + b",") * size)[:-1]
        shape.insert(0, size)
    return shape if inner == brackets else None


def _fill(values: np.ndarray, numbers: bytes) -> bool:
    """Whether the text is as many numbers of that dtype, with commas."""
    start = done = 0
    while start <= len(numbers):
        end = numbers.find(b",", start + _PIECE_BYTES)
        end = len(numbers) if end < 0 else end
        try:
            piece = orjson.loads(b"[%b]" % numbers[start:end])
        except orjson.JSONDecodeError:
            return False
        # Integers beyond int64 would be floats here, or unsigned.
        is_float = values.dtype == np.float64
        array = np.array(piece, values.dtype if is_float else None)
        if array.dtype != values.dtype or done + len(array) > len(values):
            return False
        values[done : done + len(array)] = array
        done += len(array)
        start = end + 1
    return done == len(values)
