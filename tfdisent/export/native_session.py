"""A SavedModel in TensorFlow's C++ runtime, without Python's TensorFlow.

A server loads a SavedModel into a C++ session. `tf.saved_model.load` does not
take that path, and hides faults which the session shows: for one, a SavedModel
of a Keras 3 model whose variables are never found.
"""

import ctypes
import functools
from collections.abc import Callable, Mapping, Sequence
from ctypes import c_char_p, c_void_p
from pathlib import Path

import numpy as np

from tfdisent.errors import RunError
from tfdisent.export.messages import (
    ConfigProto,
    MetaGraphDef,
    SignatureDef,
)
from tfdisent.export.native_library import Output, load_library
from tfdisent.export.native_tensors import delete_fed, new_tensor, to_array


class NativeError(RunError):
    """What TensorFlow's runtime refused.

    Attributes:
      code: number of the canonical status code, as in `tensorflow.error.Code`.
    """

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


@functools.cache
def start_runtime(threads: int = 0) -> None:
    """Starts the runtime: looks for devices, and makes its threads.

    The first session of a process does it otherwise, with no limit of threads.

    Args:
      threads: that one operation may use; 0 is one for each processor.

    Raises:
      RunError: the library is missing.
    """
    c = load_library()
    config = ConfigProto(intra_op_parallelism_threads=threads)
    content = config.SerializeToString()
    options, graph = c.TF_NewSessionOptions(), c.TF_NewGraph()
    checked(c.TF_SetConfig, options, content, len(content))
    session = checked(c.TF_NewSession, graph, options)
    checked(c.TF_CloseSession, session)
    checked(c.TF_DeleteSession, session)
    c.TF_DeleteGraph(graph)
    c.TF_DeleteSessionOptions(options)


def checked(function: Callable, *arguments):
    """Calls a function of the C API whose last argument is a status.

    Raises:
      NativeError: the status is not OK.
    """
    c = load_library()
    status = c.TF_NewStatus()
    try:
        result = function(*arguments, status)
        code = c.TF_GetCode(status)
        if code:
            message = c.TF_Message(status).decode(errors="replace")
            raise NativeError(code, message)
        return result
    finally:
        c.TF_DeleteStatus(status)


class NativeSession:
    """A SavedModel in a C++ session, as a server holds it.

    Calls may come from several threads at once, and run without Python's
    lock.

    Args:
      directory: of the SavedModel, read with the tag "serve".

    Attributes:
      signatures: `SignatureDef` by name.

    Raises:
      RunError: the library is missing, or a signature names a tensor that the
        graph has not.
      NativeError: the SavedModel does not load.
    """

    def __init__(self, directory: Path | str):
        self._c = load_library()
        self._graph = self._c.TF_NewGraph()
        self._operations: dict[str, tuple[int, int]] = {}
        self._session = None
        meta_graph = self._c.TF_NewBuffer()
        options = self._c.TF_NewSessionOptions()
        try:
            self._session = checked(
                self._c.TF_LoadSessionFromSavedModel,
                *(options, None, str(directory).encode()),
                *((c_char_p * 1)(b"serve"), 1, self._graph, meta_graph),
            )
            size = meta_graph.contents.length
            content = ctypes.string_at(meta_graph.contents.data, size)
            self.signatures = self._read_signatures(content)
        except BaseException:
            self.close()
            raise
        finally:
            self._c.TF_DeleteSessionOptions(options)
            self._c.TF_DeleteBuffer(meta_graph)

    def _read_signatures(self, content: bytes) -> dict[str, SignatureDef]:
        signatures = MetaGraphDef.FromString(content).signature_def
        for key, signature in signatures.items():
            for part in (signature.inputs, signature.outputs):
                # What has no type is an operation: TensorFlow's initializer.
                names = [info.name for info in part.values() if info.dtype]
                try:
                    self._endpoints(names)
                except RunError as error:
                    raise RunError(f"signature {key!r}: {error}") from error
        # Copies, since a part of a message keeps the whole of it in memory.
        return {
            name: SignatureDef.FromString(signature.SerializeToString())
            for name, signature in signatures.items()
        }

    def close(self) -> None:
        """Frees the session; no call may run or come after."""
        if self._session:
            checked(self._c.TF_CloseSession, self._session)
            checked(self._c.TF_DeleteSession, self._session)
            self._session = None
        if self._graph:
            self._c.TF_DeleteGraph(self._graph)
            self._graph = None

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str]
    ) -> list[np.ndarray]:
        """Runs the graph once.

        Args:
          feeds: array by tensor name, "operation:index"; strings are arrays of
            dtype object that hold bytes.
          fetches: tensor names.

        Returns:
          One array per fetch, which may not be written.

        Raises:
          NativeError: with the runtime's own code and message.
          RunError: a tensor is unknown or of an unknown dtype.
        """
        outputs = (c_void_p * len(fetches))()
        inputs = (c_void_p * len(feeds))()
        try:
            for i, array in enumerate(feeds.values()):
                inputs[i] = new_tensor(np.asarray(array))
            checked(
                self._c.TF_SessionRun,
                *(self._session, None),
                *(self._endpoints(feeds), inputs, len(feeds)),
                *(self._endpoints(fetches), outputs, len(fetches)),
                *(None, 0, None),
            )
            return [to_array(tensor) for tensor in outputs]
        finally:
            for tensor in inputs:
                delete_fed(tensor)
            for tensor in outputs:
                self._c.TF_DeleteTensor(tensor)

    def _endpoints(self, names) -> ctypes.Array:
        outputs = (Output * len(names))()
        for output, name in zip(outputs, names, strict=True):
            if name not in self._operations:
                self._operations[name] = self._find(name)
            output.operation, output.index = self._operations[name]
        return outputs

    def _find(self, name: str) -> tuple[int, int]:
        # As TensorFlow reads it, a name without a number is output 0.
        operation, _, index = name.partition(":")
        found = self._c.TF_GraphOperationByName(self._graph, operation.encode())
        outputs = self._c.TF_OperationNumOutputs(found) if found else 0
        if (index or "0") not in map(str, range(outputs)):
            raise RunError(f"the graph has no tensor {name!r}.")
        return found, int(index or 0)
