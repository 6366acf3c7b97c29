"""How many fields a serialized message has, before it is parsed.

A message of 64 MiB can hold 30 million empty fields. To parse it takes 10
seconds, in which nothing else runs in this process, and over a gigabyte.

References:
  https://protobuf.dev/programming-guides/encoding
"""

import functools

from google.protobuf.descriptor import Descriptor

MAX_FIELDS = 2**16
"""A list of numbers is one field if it is packed, as it always is."""

# Wire types; the others have no content to skip.
_VARINT, _8_BYTES, _WITH_LENGTH, _4_BYTES = 0, 1, 2, 5


def has_too_many_fields(content: bytes, message: Descriptor) -> bool:
    """Whether there are over `MAX_FIELDS`, those of its parts included.

    Args:
      content: may be no message at all; then the answer says nothing.
      message: the type of the message, without recursion.
    """
    # No field takes fewer than two bytes.
    return len(content) > 2 * MAX_FIELDS and (
        _count(content, 0, len(content), message, MAX_FIELDS) > MAX_FIELDS
    )


def _count(
    content: bytes, place: int, end: int, message: Descriptor, most: int
) -> int:
    """Counts fields from `place` to `end`, and stops above `most`."""
    parts = _parts(message)
    count = 0
    while place < end and count <= most:
        count += 1
        tag, place = _varint(content, place)
        wire_type = tag & 7
        if wire_type == _WITH_LENGTH:
            length, place = _varint(content, place)
            if part := parts.get(tag >> 3):
                stop = min(place + length, end)
                count += _count(content, place, stop, part, most - count)
            place += length
        elif wire_type == _VARINT:
            _, place = _varint(content, place)
        elif wire_type == _8_BYTES:
            place += 8
        elif wire_type == _4_BYTES:
            place += 4
    return count


@functools.cache
def _parts(message: Descriptor) -> dict[int, Descriptor]:
    return {
        field.number: field.message_type
        for field in message.fields
        if field.message_type
    }


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """A number of at most 10 bytes, and the place after it."""
    number = 0
    for i, byte in enumerate(content[place : place + 10]):
        number |= (byte & 127) << 7 * i
        if byte < 128:
            break
    else:
        return number, len(content)  # it is cut off, or none at all
    return number, place + i + 1
