"""Arrays as tensors of TensorFlow's C API, and back.

Strings are numpy arrays of dtype object that hold bytes.
"""

import ctypes
from ctypes import c_int64

import numpy as np

from tfdisent.errors import RunError
from tfdisent.export.native_library import load_library
from tfdisent.export.tensors import DTYPES, NUMBERS, STRING

_STRING_SIZE = 24  # sizeof(TF_TString)


def new_tensor(array: np.ndarray) -> int:
    """Copies an array into a new TF_Tensor.

    Raises:
      RunError: the dtype cannot be fed.
    """
    c = load_library()
    number = NUMBERS.get(array.dtype)
    is_text = number == STRING
    if number is None or (
        is_text and not all(isinstance(text, bytes) for text in array.flat)
    ):
        raise RunError(
            f"dtype {array.dtype} cannot be fed, only"
            f" {', '.join(map(str, NUMBERS))}, and objects must be bytes."
        )
    shape = (c_int64 * array.ndim)(*array.shape)
    size = _STRING_SIZE * array.size if is_text else array.nbytes
    tensor = c.TF_AllocateTensor(number, shape, array.ndim, size)
    data = c.TF_TensorData(tensor)
    if is_text:
        for i, text in enumerate(array.flat):
            place = data + _STRING_SIZE * i
            c.TF_StringInit(place)
            c.TF_StringCopy(place, text, len(text))
    else:
        contiguous = np.ascontiguousarray(array)
        c.memmove(data, contiguous.ctypes.data, size)
    return tensor


def delete_fed(tensor: int | None) -> None:
    """Frees what `new_tensor` made; strings are not the tensor's own."""
    c = load_library()
    if tensor and c.TF_TensorType(tensor) == STRING:
        data = c.TF_TensorData(tensor)
        size = c.TF_TensorByteSize(tensor)
        for place in range(data or 0, (data or 0) + size, _STRING_SIZE):
            c.TF_StringDealloc(place)
    c.TF_DeleteTensor(tensor)


def to_array(tensor: int) -> np.ndarray:
    """Copies a TF_Tensor into an array that may not be written.

    Raises:
      RunError: the data type cannot be read.
    """
    c = load_library()
    number = c.TF_TensorType(tensor)
    if number not in DTYPES:
        raise RunError(f"outputs of data type {number} cannot be read.")
    shape = [c.TF_Dim(tensor, i) for i in range(c.TF_NumDims(tensor))]
    data, size = c.TF_TensorData(tensor), c.TF_TensorByteSize(tensor)
    if number == STRING:
        array = np.empty(size // _STRING_SIZE, object)
        for i in range(array.size):
            place = data + _STRING_SIZE * i
            array[i] = ctypes.string_at(
                c.TF_StringGetDataPointer(place), c.TF_StringGetSize(place)
            )
        return array.reshape(shape)
    content = ctypes.string_at(data, size)
    return np.frombuffer(content, DTYPES[number]).reshape(shape)
