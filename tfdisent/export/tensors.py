"""Arrays as TensorProtos, and back.

Strings are numpy arrays of dtype object that hold bytes.

References:
  tensorflow/core/framework/{tensor,tensor_shape,types}.proto
"""

import math

import numpy as np

from tfdisent.export.messages import TensorProto

MAX_RANK = 32
"""numpy's own limit is 64 axes; no model here has over 5."""

STRING = 7
"""DT_STRING, whose arrays are of dtype object."""

# By the number of the DataType: its dtype, and where TensorProto lists values.
_FIELDS = {
    1: ("float32", "float_val"),
    2: ("float64", "double_val"),
    3: ("int32", "int_val"),
    4: ("uint8", "int_val"),
    5: ("int16", "int_val"),
    6: ("int8", "int_val"),
    STRING: ("object", "string_val"),
    9: ("int64", "int64_val"),
    10: ("bool", "bool_val"),
    17: ("uint16", "int_val"),
    22: ("uint32", "uint32_val"),
    23: ("uint64", "uint64_val"),
}

DTYPES: dict[int, np.dtype] = {
    number: np.dtype(name) for number, (name, _) in _FIELDS.items()
}
"""numpy's dtype by the number of TensorFlow's DataType."""

NUMBERS: dict[np.dtype, int] = {
    dtype: number for number, dtype in DTYPES.items()
}
"""The other way around."""

_NAMES = TensorProto.DESCRIPTOR.fields_by_name[
    "dtype"
].enum_type.values_by_number


class TensorError(ValueError):
    """A TensorProto that is no tensor.

    Attributes:
      reason: the text without "tensor parsing error: ".
    """

    def __init__(self, reason: str):
        super().__init__(f"tensor parsing error: {reason}")
        self.reason = reason


def type_name(number: int) -> str:
    """The name of a DataType, such as "DT_FLOAT"; "100" if it has none."""
    return _NAMES[number].name if number in _NAMES else str(number)


def to_array(tensor: TensorProto, max_elements: int) -> np.ndarray:
    """Reads a TensorProto.

    As in TensorFlow, `tensor_content` goes before listed values, the last
    listed number stands for all that are missing, and none at all for zeros.
    Unlike there, too many values or numbers outside of the dtype are refused,
    and strings are never repeated: a copy of each would be fed.

    Args:
      tensor: of a dtype in `DTYPES`.
      max_elements: the most elements, of which zeros in the shape count as
        ones. They are counted before anything is decoded, since 20 bytes can
        ask for gigabytes.

    Returns:
      An array which may not be written.

    Raises:
      TensorError: what was sent is none, or too large.
    """
    if tensor.dtype not in _FIELDS:
        raise TensorError(
            f"dtype {type_name(tensor.dtype)} is not implemented, only "
            + ", ".join(map(type_name, _FIELDS))
        )
    shape = _shape(tensor, max_elements)
    content = tensor.tensor_content  # a copy each time
    if content:
        array = _content(tensor.dtype, content, shape)
    else:
        array = _listed(tensor, shape)
    array.flags.writeable = False
    return array


def to_proto(array: np.ndarray) -> TensorProto:
    """Writes an array as `tensor_content`, strings as `string_val`.

    Raises:
      TypeError: the dtype is not in `DTYPES`, or an object is not bytes.
    """
    array = np.asarray(array)
    number = NUMBERS.get(array.dtype)
    if number is None:
        raise TypeError(
            f"dtype {array.dtype} has no TensorProto, only "
            + ", ".join(map(str, NUMBERS))
        )
    tensor = TensorProto(dtype=number)
    tensor.tensor_shape.SetInParent()  # none at all would be a scalar too
    for size in array.shape:
        tensor.tensor_shape.dim.add(size=size)
    if number == STRING:
        tensor.string_val.extend(array.flat)
    else:
        tensor.tensor_content = array.tobytes()
    return tensor


def _shape(tensor: TensorProto, max_elements: int) -> list[int]:
    if tensor.tensor_shape.unknown_rank:
        raise TensorError("the shape is of unknown rank")
    rank = len(tensor.tensor_shape.dim)
    if rank > MAX_RANK:
        raise TensorError(f"{rank} dimensions, and {MAX_RANK} are the most")
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    if any(size < 0 for size in shape):
        raise TensorError(f"shape {shape} has a negative size")
    # Python's integers do not overflow. Zeros count as ones, since numpy
    # takes no shape whose other sizes overflow.
    if math.prod(max(size, 1) for size in shape) > max_elements:
        raise TensorError(
            f"shape {shape} has more than the {max_elements} elements that"
            " are left of the limit of a request"
        )
    return shape


def _content(number: int, content: bytes, shape: list[int]) -> np.ndarray:
    if number == STRING:
        raise TensorError("strings belong in string_val, not tensor_content")
    dtype = DTYPES[number]
    needed = math.prod(shape) * dtype.itemsize
    if len(content) != needed:
        raise TensorError(
            f"shape {shape} of {type_name(number)} needs {needed} bytes, and"
            f" tensor_content has {len(content)}"
        )
    if dtype.kind == "b":  # a byte other than 0 and 1 would be no bool
        return np.frombuffer(content, np.uint8).astype(bool).reshape(shape)
    return np.frombuffer(content, dtype).reshape(shape)


def _listed(tensor: TensorProto, shape: list[int]) -> np.ndarray:
    dtype, field = DTYPES[tensor.dtype], _FIELDS[tensor.dtype][1]
    listed, size = getattr(tensor, field), math.prod(shape)
    if len(listed) > size or (tensor.dtype == STRING and len(listed) != size):
        raise TensorError(
            f"shape {shape} has {size} elements, and {field} has {len(listed)}"
        )
    values = np.array(listed, np.int32 if field == "int_val" else dtype)
    if not len(listed):
        values = np.zeros(1, dtype)
    if values.dtype != dtype:
        limits = np.iinfo(dtype)
        if values.min() < limits.min or values.max() > limits.max:
            raise TensorError(
                f"int_val has numbers outside of {type_name(tensor.dtype)}"
            )
        values = values.astype(dtype)
    if len(values) == size:
        return values.reshape(shape)
    if len(values) == 1:  # costs no memory, whatever the shape
        return np.broadcast_to(values.reshape(()), shape)
    return np.pad(values, (0, size - len(values)), "edge").reshape(shape)
