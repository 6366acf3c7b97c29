"""A signature as plain Python; its message takes microseconds a field."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tfdisent.export.messages import SignatureDef, TensorInfo
from tfdisent.export.tensors import DTYPES, TensorError, to_array
from tfdisent.serving.status import Code, ServingError


class Tensor(NamedTuple):
    """One input or output.

    Attributes:
      name: of the tensor in the graph.
      dtype: numpy's; None if it can be neither fed nor fetched.
      shape: with -1 for the axes that requests choose; None if not even the
        rank is known.
    """

    name: str
    dtype: np.dtype | None
    shape: tuple[int, ...] | None


class Signature(NamedTuple):
    """What a request may ask for.

    Attributes:
      method_name: such as "tensorflow/serving/predict".
      inputs: by name, in the order of the names.
      outputs: by name, in the order of the names.
      defaults: the inputs that may be left out, by name.
      is_batched: whether the batch is the first axis of every input and
        output, so that requests may run together. An input with a default is
        taken to have its author's batch size.
    """

    method_name: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    defaults: Mapping[str, np.ndarray]
    is_batched: bool


def read_signature(message: SignatureDef, max_elements: int) -> Signature:
    """Reads a signature from its message.

    Args:
      message: of the SavedModel.
      max_elements: of a default value.

    Returns:
      The same in plain Python.

    Raises:
      ServingError: a default value is too large or of an unknown dtype.
    """
    try:
        defaults = {
            name: to_array(tensor, max_elements)
            for name, tensor in message.defaults.items()
        }
    except TensorError as error:
        raise ServingError(Code.UNIMPLEMENTED, str(error)) from error
    inputs, outputs = _tensors(message.inputs), _tensors(message.outputs)
    is_batched = bool(inputs) and not message.defaults
    for tensor in [*inputs.values(), *outputs.values()]:
        is_batched &= bool(tensor.shape) and tensor.shape[0] == -1
    return Signature(
        message.method_name,
        inputs,
        outputs,
        defaults,
        is_batched,
    )


def _tensors(infos: Mapping[str, TensorInfo]) -> dict[str, Tensor]:
    tensors = {}
    for name, info in sorted(infos.items()):
        shape = info.tensor_shape
        tensors[name] = Tensor(
            info.name if ":" in info.name else f"{info.name}:0",
            DTYPES.get(info.dtype),
            None if shape.unknown_rank else tuple(d.size for d in shape.dim),
        )
    return tensors
