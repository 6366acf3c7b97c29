"""Arrays in the JSON of TensorFlow Serving's REST, as a client needs them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from tfdisent.export.tensors import NUMBERS
from tfdisent.serving.client.signatures import TensorSpec
from tfdisent.serving.rest import json_tensors


def write(
    signature: str, inputs: Mapping[str, np.ndarray], is_bare: bool
) -> bytes:
    """Writes the body of a request for all outputs of a signature.

    Args:
      signature: its name.
      inputs: by name.
      is_bare: leave out the name of the only input.
    """
    # orjson writes NaN and infinities as null, which is no number.
    is_finite = all(map(_is_finite, inputs.values()))
    form = _fast if is_finite else _listed
    values = {name: form(array) for name, array in inputs.items()}
    if is_bare:
        (values,) = values.values()
    body = {"signature_name": signature, "inputs": values}
    if is_finite:
        return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
    return json.dumps(body).encode()


def read(body: bytes) -> Any:
    """Reads a body, which may hold NaN and infinities.

    Raises:
      ValueError: it is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def to_array(value: Any, spec: TensorSpec) -> np.ndarray:
    """Makes an array of what stands for one output.

    Args:
      value: nested lists of numbers, texts or `{"b64": ...}`.
      spec: of the output. It gives an empty list the sizes of its other axes,
        which JSON cannot tell; 0 where a request chooses them.

    Raises:
      ServingError: that is no such array.
      KeyError: the dtype is none that JSON can tell.
    """
    array = json_tensors.to_array(value, NUMBERS[spec.dtype])
    if not array.size and spec.shape and array.ndim < len(spec.shape):
        missing = spec.shape[array.ndim :]
        array = array.reshape(*array.shape, *(size or 0 for size in missing))
    return array


def _is_finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _fast(array: np.ndarray) -> Any:
    # orjson takes contiguous arrays with axes.
    if array.dtype.kind == "O" or not array.ndim:
        return _listed(array)
    return np.ascontiguousarray(array)


def _listed(array: np.ndarray) -> Any:
    return (
        _encoded(array.tolist()) if array.dtype.kind == "O" else array.tolist()
    )


def _encoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_encoded(x) for x in value]
    return {"b64": base64.b64encode(value).decode()}
