"""A model's signatures as clients see them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tfdisent.errors import UsageError
from tfdisent.export.messages import SignatureDefMap, TensorInfo
from tfdisent.export.tensors import DTYPES, NUMBERS


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

        Raises:
          UsageError: one is no array of numbers or strings, or its strings
            stand where the signature takes numbers.
        """
        dtypes = {name: spec.dtype for name, spec in self.inputs.items()}
        return {
            name: _sendable(name, _cast(name, value, dtypes.get(name)))
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


def array_of(name: str, value: Any) -> np.ndarray:
    """What numpy makes of an input.

    Raises:
      UsageError: it makes no array of it.
    """
    try:
        return np.asarray(value)
    except ValueError as error:
        raise UsageError(
            f"{name} must be an array; its rows differ in shape."
        ) from error


def _sendable(name: str, array: np.ndarray) -> np.ndarray:
    is_text = array.dtype.kind == "O"
    is_known = array.dtype in NUMBERS
    if is_known and (not is_text or _are_bytes(array)):
        return array
    found = "other objects" if is_text else f"of dtype {array.dtype}"
    raise UsageError(
        f"{name} must be numbers, or bytes where the model takes strings, and "
        f"not {found}."
    )


def _are_bytes(array: np.ndarray) -> bool:
    return all(isinstance(x, bytes) for x in array.flat)


def _cast(name: str, value: Any, dtype: np.dtype | None) -> np.ndarray:
    if dtype is not None and dtype.kind == "O":
        # numpy's own strings would lose zeros at their end.
        array = np.asarray(value, object)
        encoded = [x.encode() if isinstance(x, str) else x for x in array.flat]
        whole = np.empty(array.shape, object)
        whole.flat = encoded
        return whole
    array = array_of(name, value)
    if dtype is None:
        return array
    match array.dtype.kind, dtype.kind:
        case "f" | "i" | "u", "f":
            return array.astype(dtype, copy=False)
        case "i" | "u", "i" | "u":
            cast = array.astype(dtype)
            return cast if np.array_equal(cast, array) else array
    return array
