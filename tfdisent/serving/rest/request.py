"""The body of a Predict request over REST, in rows or in columns."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tfdisent.export.contract import DEFAULT
from tfdisent.export.messages import SignatureDef, TensorInfo
from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.json_tensors import is_b64, to_array
from tfdisent.serving.rest.json_text import read_object, shown
from tfdisent.serving.status import Code, ServingError

_KEYS = {"signature_name", "instances", "inputs"}


class RestRequest(NamedTuple):
    """What a body says, before its signature is known.

    Attributes:
      signature: name of the signature.
      content: the object that the body is.
      limits: of the server.
    """

    signature: str
    content: Mapping[str, Any]
    limits: Limits

    @property
    def is_row(self) -> bool:
        """Whether it, and so its answer, is a list of examples."""
        return "instances" in self.content

    def inputs(self, signature: SignatureDef) -> dict[str, np.ndarray]:
        """Makes the arrays of a signature's inputs.

        Shapes are not compared with the signature's here, but an empty list
        gets the other axes of a batch, if they are fixed.

        Raises:
          ServingError: INVALID_ARGUMENT, or UNIMPLEMENTED for dtypes that JSON
            cannot hold.
        """
        if not signature.inputs:
            raise _invalid(
                f"Failed to get input map for signature: {self.signature}"
            )
        values = self._values(signature)
        arrays = {
            name: _with_axes(
                to_array(value, signature.inputs[name].dtype),
                signature.inputs[name],
            )
            for name, value in values.items()
        }
        if sum(x.size for x in arrays.values()) > self.limits.elements:
            raise _invalid(
                f"The inputs hold more than the {self.limits.elements} elements"
                " that are allowed."
            )
        return arrays

    def _values(self, signature: SignatureDef) -> Mapping[str, Any]:
        names = sorted(signature.inputs)
        keys = self.content.keys()
        if self.limits.is_strict and not keys <= _KEYS:
            raise _invalid(f"Keys other than {sorted(_KEYS)} are not allowed.")
        if {"instances", "inputs"} <= keys:
            raise _invalid(
                "Not formatted correctly expecting only one of 'inputs' or"
                " 'instances' keys to exist"
            )
        if "instances" in keys:
            return _row_values(self.content["instances"], names)
        if "inputs" not in keys:
            raise _invalid("Missing 'inputs' or 'instances' key")
        values = self.content["inputs"]
        return _column_values(values, names, self.limits.is_strict)


def read_request(body: bytes, limits: Limits) -> RestRequest:
    """Reads a body up to the name of its signature.

    Args:
      body: inflated.
      limits: of the server.

    Raises:
      ServingError: INVALID_ARGUMENT.
    """
    content = read_object(body, limits)
    name = content.get("signature_name", "")
    if type(name) is not str:
        raise _invalid(
            f"JSON Value: {shown(name)} not formatted correctly."
            " 'signature_name' key must be a string value."
        )
    return RestRequest(name or DEFAULT, content, limits)


def _row_values(rows: Any, names: list[str]) -> dict[str, Any]:
    if isinstance(rows, np.ndarray):
        return {_only(names, "instances is a plain list"): rows}
    if type(rows) is not list:
        raise _invalid("Excepting 'instances' to be an list/array")
    if not rows:
        raise _invalid("No values in 'instances' array")
    are_objects = [type(row) is dict and not is_b64(row) for row in rows]
    if not any(are_objects):
        return {_only(names, "instances is a plain list"): rows}
    if not all(are_objects):
        i = are_objects.index(not are_objects[0])
        kinds = ["value/list", "object"]
        raise _invalid(
            f"Expecting {kinds[are_objects[0]]} but got"
            f" {kinds[are_objects[i]]} at item {i} of input list"
        )
    wanted = set(names)
    for i, row in enumerate(rows):
        if row.keys() != wanted:
            raise _invalid(
                f"Failed to process element: {i} of 'instances' list. JSON"
                f" object keys must be equal to: {','.join(names)}"
            )
    return {name: [row[name] for row in rows] for name in names}


def _column_values(
    values: Any, names: list[str], is_strict: bool
) -> dict[str, Any]:
    if type(values) is not dict or is_b64(values):
        return {_only(names, "inputs is a plain value/list"): values}
    for name in names:
        if name not in values:
            raise _invalid(f"Missing named input: {name} in 'inputs' object.")
    if is_strict and len(values) > len(names):
        raise _invalid(f"Inputs other than {names} are not allowed.")
    return {name: values[name] for name in names}


def _with_axes(array: np.ndarray, info: TensorInfo) -> np.ndarray:
    sizes = [dim.size for dim in info.tensor_shape.dim]
    if array.shape == (0,) and sizes[:1] == [-1] and min(sizes[1:] or [0]) >= 0:
        return array.reshape(0, *sizes[1:])
    return array


def _only(names: list[str], fault: str) -> str:
    if len(names) > 1:
        raise _invalid(
            f"{fault}, but expecting objects as multiple input tensors are"
            f" required: {','.join(names)}"
        )
    return names[0]


def _invalid(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
