"""TensorFlow's C++ runtime through its C API, without Python's TensorFlow.

A server loads a SavedModel into a C++ session. `tf.saved_model.load` does not
take that path, and hides faults which the session shows: for one, a SavedModel
of a Keras 3 model whose variables are never found.

References:
  tensorflow/c/c_api.h
"""

import ctypes
import importlib.util
from collections.abc import Mapping, Sequence
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np

# Loaded before TensorFlow's libraries on purpose: after them it crashes.
import numpy.random  # noqa: F401

from tfdisent.errors import RunError

# numpy's name to TensorFlow's number (tensorflow/c/tf_datatype.h).
_DTYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9}
_DTYPE_NAMES = {number: name for name, number in _DTYPES.items()}


class _Output(ctypes.Structure):
    _fields_ = [("operation", c_void_p), ("index", c_int)]


# name: (result, arguments)
_FUNCTIONS = {
    "TF_NewStatus": (c_void_p, []),
    "TF_DeleteStatus": (None, [c_void_p]),
    "TF_GetCode": (c_int, [c_void_p]),
    "TF_Message": (c_char_p, [c_void_p]),
    "TF_NewGraph": (c_void_p, []),
    "TF_NewSessionOptions": (c_void_p, []),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        # options, run options, directory, tags, how many, graph, meta graph,
        # status
        [c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int]
        + [c_void_p, c_void_p, c_void_p],
    ),
    "TF_GraphOperationByName": (c_void_p, [c_void_p, c_char_p]),
    "TF_SessionRun": (
        None,
        # session, run options, three groups of what and how many (feeds,
        # fetches, targets), run metadata, status
        [c_void_p, c_void_p]
        + [POINTER(_Output), POINTER(c_void_p), c_int] * 2
        + [c_void_p, c_int, c_void_p, c_void_p],
    ),
    "TF_AllocateTensor": (c_void_p, [c_int, POINTER(c_int64), c_int, c_size_t]),
    "TF_DeleteTensor": (None, [c_void_p]),
    "TF_TensorData": (c_void_p, [c_void_p]),
    "TF_TensorByteSize": (c_size_t, [c_void_p]),
    "TF_TensorType": (c_int, [c_void_p]),
    "TF_NumDims": (c_int, [c_void_p]),
    "TF_Dim": (c_int64, [c_void_p, c_int]),
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


def _load_library() -> ctypes.CDLL:
    for file in library_files():
        library = ctypes.CDLL(str(file), mode=ctypes.RTLD_GLOBAL)
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class NativeSession:
    """A SavedModel in a C++ session, as a server holds it.

    It lives until the process ends.

    Args:
      directory: of the SavedModel, read with the tag "serve".

    Raises:
      RunError: the library is missing or the SavedModel does not load.
    """

    def __init__(self, directory: Path | str):
        self._c = _load_library()
        self._graph = self._c.TF_NewGraph()
        self._session = self._checked(
            self._c.TF_LoadSessionFromSavedModel,
            self._c.TF_NewSessionOptions(),
            None,
            str(directory).encode(),
            (c_char_p * 1)(b"serve"),
            1,
            self._graph,
            None,
        )

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str]
    ) -> list[np.ndarray]:
        """Runs the graph once.

        Args:
          feeds: array by tensor name, "operation:index".
          fetches: tensor names.

        Returns:
          One array per fetch.

        Raises:
          RunError: with the runtime's own message.
        """
        outputs = (c_void_p * len(fetches))()
        inputs = (c_void_p * len(feeds))()
        try:
            for i, array in enumerate(feeds.values()):
                inputs[i] = self._tensor(np.asarray(array, order="C"))
            self._checked(
                self._c.TF_SessionRun,
                *(self._session, None),
                *(self._endpoints(feeds), inputs, len(feeds)),
                *(self._endpoints(fetches), outputs, len(fetches)),
                *(None, 0, None),
            )
            return [self._array(tensor) for tensor in outputs]
        finally:
            for tensor in (*inputs, *outputs):
                self._c.TF_DeleteTensor(tensor)

    def _checked(self, function, *arguments):
        status = self._c.TF_NewStatus()
        try:
            result = function(*arguments, status)
            if self._c.TF_GetCode(status):
                message = self._c.TF_Message(status).decode(errors="replace")
                raise RunError(message)
            return result
        finally:
            self._c.TF_DeleteStatus(status)

    def _endpoints(self, names) -> ctypes.Array:
        outputs = (_Output * len(names))()
        for output, name in zip(outputs, names, strict=True):
            operation, _, index = name.partition(":")
            found = self._c.TF_GraphOperationByName(
                self._graph, operation.encode()
            )
            if not found:
                raise RunError(f"the graph has no operation {operation!r}.")
            output.operation, output.index = found, int(index)
        return outputs

    def _tensor(self, array: np.ndarray) -> int:
        if array.dtype.name not in _DTYPES:
            raise RunError(
                f"dtype {array.dtype} cannot be fed, only {[*_DTYPES]}."
            )
        shape = (c_int64 * array.ndim)(*array.shape)
        tensor = self._c.TF_AllocateTensor(
            _DTYPES[array.dtype.name], shape, array.ndim, array.nbytes
        )
        data = self._c.TF_TensorData(tensor)
        ctypes.memmove(data, array.ctypes.data, array.nbytes)
        return tensor

    def _array(self, tensor: int) -> np.ndarray:
        number = self._c.TF_TensorType(tensor)
        if number not in _DTYPE_NAMES:
            raise RunError(f"outputs of data type {number} cannot be read.")
        rank = self._c.TF_NumDims(tensor)
        shape = [self._c.TF_Dim(tensor, axis) for axis in range(rank)]
        size = self._c.TF_TensorByteSize(tensor)
        data = ctypes.string_at(self._c.TF_TensorData(tensor), size)
        return np.frombuffer(data, _DTYPE_NAMES[number]).reshape(shape)
