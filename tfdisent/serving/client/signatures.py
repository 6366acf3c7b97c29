"""A model's signatures as clients see them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tfdisent.export.messages import SignatureDefMap, TensorInfo
from tfdisent.export.tensors import DTYPES


class TensorSpec(NamedTuple):
    """One input or output.

    Attributes:
      dtype: object stands for strings, which are bytes; None for a dtype that
        clients cannot send or read, such as half precision.
      shape: None stands for a size that requests choose; None alone for any
        number of axes.
    """

    dtype: np.dtype | None
    shape: tuple[int | None, ...] | None


class Signature(NamedTuple):
    """What a model can be asked."""

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]

    def cast(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Makes arrays of the signature's dtypes, where no value is lost.

        Floating point numbers may be rounded. All else that does not fit, as
        an unknown input, stays as it is: the server says what is wrong.

        Args:
          inputs: what numpy makes arrays of, by name; strings are bytes or
            text, which is sent in UTF-8.
        """
        return {
            name: _cast(value, self.inputs[name].dtype)
            if name in self.inputs
            else np.asarray(value)
            for name, value in inputs.items()
        }


def read_signatures(signatures: SignatureDefMap) -> dict[str, Signature]:
    """Reads a server's signatures, but for TensorFlow's own.

    Those begin with two underscores, and no request may name them.
    """
    return {
        name: Signature(
            {key: _spec(info) for key, info in sorted(found.inputs.items())},
            {key: _spec(info) for key, info in sorted(found.outputs.items())},
        )
        for name, found in sorted(signatures.signature_def.items())
        if not name.startswith("__")
    }


def _spec(info: TensorInfo) -> TensorSpec:
    if info.tensor_shape.unknown_rank:
        return TensorSpec(DTYPES.get(info.dtype), None)
    sizes = (dim.size for dim in info.tensor_shape.dim)
    shape = tuple(size if size >= 0 else None for size in sizes)
    return TensorSpec(DTYPES.get(info.dtype), shape)


def _cast(value: Any, dtype: np.dtype | None) -> np.ndarray:
    if dtype is not None and dtype.kind == "O":
        # numpy's own strings would lose zeros at their end.
        array = np.asarray(value, object)
        encoded = [x.encode() if isinstance(x, str) else x for x in array.flat]
        whole = np.empty(array.shape, object)
        whole.flat = encoded
        return whole
    array = np.asarray(value)
    if dtype is None:
        return array
    match array.dtype.kind, dtype.kind:
        case "f" | "i" | "u", "f":
            return array.astype(dtype, copy=False)
        case "i" | "u", "i" | "u":
            cast = array.astype(dtype)
            return cast if np.array_equal(cast, array) else array
    return array
