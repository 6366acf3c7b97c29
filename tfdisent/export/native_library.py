"""TensorFlow's C API, found without Python's TensorFlow.

References:
  tensorflow/c/c_api.h, tensorflow/c/tf_tensor.h, tensorflow/c/tf_tstring.h
"""

import ctypes
import functools
import importlib.util
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path
from types import SimpleNamespace

# Loaded before TensorFlow's libraries on purpose: after them it crashes.
import numpy.random  # noqa: F401

from tfdisent.errors import RunError


class Output(ctypes.Structure):
    """TF_Output: one output of an operation."""

    _fields_ = [("operation", c_void_p), ("index", c_int)]


class Buffer(ctypes.Structure):
    """TF_Buffer: bytes and the function that frees them."""

    _fields_ = [
        ("data", c_void_p),
        ("length", c_size_t),
        ("deallocator", c_void_p),
    ]


# name: (result, arguments)
_FUNCTIONS = {
    "TF_NewStatus": (c_void_p, []),
    "TF_DeleteStatus": (None, [c_void_p]),
    "TF_GetCode": (c_int, [c_void_p]),
    "TF_Message": (c_char_p, [c_void_p]),
    "TF_NewGraph": (c_void_p, []),
    "TF_DeleteGraph": (None, [c_void_p]),
    "TF_NewSessionOptions": (c_void_p, []),
    "TF_DeleteSessionOptions": (None, [c_void_p]),
    # options, serialized ConfigProto, its length, status
    "TF_SetConfig": (None, [c_void_p, c_char_p, c_size_t, c_void_p]),
    "TF_NewBuffer": (POINTER(Buffer), []),
    "TF_DeleteBuffer": (None, [POINTER(Buffer)]),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        # options, run options, directory, tags, how many, graph, meta graph,
        # status
        [c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int]
        + [c_void_p, POINTER(Buffer), c_void_p],
    ),
    # graph, options, status
    "TF_NewSession": (c_void_p, [c_void_p] * 3),
    "TF_CloseSession": (None, [c_void_p, c_void_p]),
    "TF_DeleteSession": (None, [c_void_p, c_void_p]),
    "TF_GraphOperationByName": (c_void_p, [c_void_p, c_char_p]),
    "TF_OperationNumOutputs": (c_int, [c_void_p]),
    "TF_SessionRun": (
        None,
        # session, run options, three groups of what and how many (feeds,
        # fetches, targets), run metadata, status
        [c_void_p, c_void_p]
        + [POINTER(Output), POINTER(c_void_p), c_int] * 2
        + [c_void_p, c_int, c_void_p, c_void_p],
    ),
    "TF_AllocateTensor": (c_void_p, [c_int, POINTER(c_int64), c_int, c_size_t]),
    "TF_DeleteTensor": (None, [c_void_p]),
    "TF_TensorData": (c_void_p, [c_void_p]),
    "TF_TensorByteSize": (c_size_t, [c_void_p]),
    "TF_TensorType": (c_int, [c_void_p]),
    "TF_NumDims": (c_int, [c_void_p]),
    "TF_Dim": (c_int64, [c_void_p, c_int]),
    "TF_StringInit": (None, [c_void_p]),
    "TF_StringCopy": (None, [c_void_p, c_char_p, c_size_t]),
    "TF_StringGetDataPointer": (c_void_p, [c_void_p]),
    "TF_StringGetSize": (c_size_t, [c_void_p]),
    "TF_StringDealloc": (None, [c_void_p]),
}
# These run for long, without Python's lock. All others keep it: whoever gives
# it up for a microsecond may wait 5 ms to have it back.
_LONG = {
    "TF_CloseSession",
    "TF_DeleteGraph",
    "TF_DeleteSession",
    "TF_LoadSessionFromSavedModel",
    "TF_NewSession",
    "TF_SessionRun",
}


def library_files() -> list[Path]:
    """The installed TensorFlow's C++ libraries, in the order to load them.

    Raises:
      RunError: TensorFlow, or a library in it, is not there.
    """
    found = importlib.util.find_spec("tensorflow")
    if found is None or not found.submodule_search_locations:
        raise RunError(
            "TensorFlow is not installed, and an export is checked in its C++"
            " runtime; pip install tensorflow."
        )
    folder = Path(found.submodule_search_locations[0])
    files = [
        folder / "libtensorflow_framework.so.2",
        folder / "libtensorflow_cc.so.2",
    ]
    for file in files:
        if not file.is_file():
            raise RunError(
                f"{file} is missing, and an export is checked in this C++"
                " runtime; install the tensorflow wheel for Linux."
            )
    return files


@functools.cache
def load_library() -> SimpleNamespace:
    """The functions of the C API that are used, and `memmove`.

    Raises:
      RunError: TensorFlow, or a library in it, is not there.
    """
    for file in library_files():
        library = ctypes.CDLL(str(file), mode=ctypes.RTLD_GLOBAL)
        locked = ctypes.PyDLL(str(file), mode=ctypes.RTLD_GLOBAL)
    functions = SimpleNamespace(memmove=ctypes.PyDLL(None).memmove)
    functions.memmove.argtypes = [c_void_p, c_void_p, c_size_t]
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library if name in _LONG else locked, name)
        function.restype, function.argtypes = result, arguments
        setattr(functions, name, function)
    return functions
