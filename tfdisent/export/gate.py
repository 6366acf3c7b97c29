"""The gate: what a SavedModel must show before it is published."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import graph_pb2, node_def_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.python.framework import op_def_registry

from tfdisent.errors import RunError
from tfdisent.export.native_run import NativeCall, run_native

# Largest difference from the model, absolute plus relative. A layer of half
# precision rounds otherwise when the runtime fuses it with the next.
_TOLERANCE = 1e-5
_HALF_TOLERANCES = {types_pb2.DT_HALF: 0.01, types_pb2.DT_BFLOAT16: 0.05}

# TensorFlow adds this signature to each SavedModel.
_INITIALIZER = "__saved_model_init_op"

# What both a C++ session and TensorFlow Serving's REST can take and give.
_DTYPES = (tf.float32, tf.int32, tf.int64, tf.bool, tf.string)

# Stateless by name, but they read files that no version directory holds.
_FILE_OPERATIONS = {"MatchingFiles", "ReadFile"}

# What a served graph may keep between nodes: its variables, and the functions
# and checks which TensorFlow calls stateful. Random generators, Python
# functions and batching queues are stateful and not here.
_STATEFUL_ALLOWED = {
    "Assert",
    "AssignVariableOp",
    "DisableCopyOnRead",
    "If",
    "MergeV2Checkpoints",
    "ReadVariableOp",
    "RestoreV2",
    "SaveV2",
    "StatefulPartitionedCall",
    "VarHandleOp",
    "VarIsInitializedOp",
    "While",
}


class Example(NamedTuple):
    """One call of a signature and the outputs that the model gives.

    Attributes:
      signature: a key of the contract.
      inputs: arrays by name.
      outputs: arrays by name.
    """

    signature: str
    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]


def check_export(saved_model: Path, examples: Sequence[Example]) -> None:
    """Refuses a SavedModel that a server could not serve as promised.

    Its graph must hold no XLA, Python, stateful randomness or files, its
    signatures only data types that servers can send, and TensorFlow's C++
    runtime must answer each example as the model did, to 1e-5 (float16: 0.01,
    bfloat16: 0.05; PNG files: the same, but 1 level of 255 at least).

    Args:
      saved_model: directory of the SavedModel.
      examples: calls with the model's own outputs.

    Raises:
      RunError: with the first fault found.
    """
    meta_graph = _read(saved_model)
    check_graph(meta_graph.graph_def)
    check_signatures(meta_graph.signature_def)
    calls = [_native_call(meta_graph, example) for example in examples]
    tolerance = _tolerance(meta_graph.graph_def)
    answers = run_native(saved_model, calls)
    for example, answer in zip(examples, answers, strict=True):
        if isinstance(answer, str):
            raise RunError(
                f"the export's signature {example.signature!r} fails in"
                f" TensorFlow's C++ runtime: {' '.join(answer.split())}"
            )
        for name, array in zip(example.outputs, answer, strict=True):
            _compare(example, name, array, tolerance)


def _read(saved_model: Path) -> meta_graph_pb2.MetaGraphDef:
    content = (saved_model / "saved_model.pb").read_bytes()
    return saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]


def check_graph(graph: graph_pb2.GraphDef) -> None:
    """Refuses a graph with XLA, Python functions, files or other state.

    Servers switch XLA off and have no Python; stateful randomness gives
    answers that no seed can repeat; files lie on this machine alone.

    Raises:
      RunError: names the operation or function.
    """
    nodes, functions = _nodes(graph), graph.library.function
    names = {function.signature.name for function in functions}
    for operation in sorted({node.op for node in nodes} - names):
        if not _is_servable(operation):
            raise RunError(
                f"the exported graph holds the operation {operation}, which a"
                " server cannot run or not repeat; encode and decode may use"
                " only stateless TensorFlow operations."
            )
    attributes = [(node.name, node.attr) for node in nodes]
    attributes += [(f.signature.name, f.attr) for f in functions]
    for name, attribute in attributes:
        if "_XlaMustCompile" in attribute and attribute["_XlaMustCompile"].b:
            raise RunError(
                f"the exported graph demands XLA in {name}, which servers"
                " switch off; encode and decode may not be wrapped in"
                " tf.function(jit_compile=True)."
            )


def _nodes(graph: graph_pb2.GraphDef) -> list[node_def_pb2.NodeDef]:
    inner = (node for f in graph.library.function for node in f.node_def)
    return [*graph.node, *inner]


def _is_servable(operation: str) -> bool:
    if operation in _STATEFUL_ALLOWED:
        return True
    definition = op_def_registry.get(operation)
    if definition is None or definition.is_stateful:
        return False
    if "PyFunc" in operation or operation.startswith("Xla"):
        return False
    return operation not in _FILE_OPERATIONS


def check_signatures(
    signatures: Mapping[str, meta_graph_pb2.SignatureDef],
) -> None:
    """Refuses inputs and outputs that servers cannot write.

    Raises:
      RunError: names the signature and the tensor.
    """
    for name, signature in signatures.items():
        if name == _INITIALIZER:
            continue
        for tensor, info in [
            *signature.inputs.items(),
            *signature.outputs.items(),
        ]:
            if info.dtype not in _DTYPES:
                raise RunError(
                    f"the export's signature {name!r} has {tensor!r} of"
                    f" {tf.as_dtype(info.dtype).name}; servers can send only"
                    f" {', '.join(dtype.name for dtype in _DTYPES)}."
                )


def _native_call(
    meta_graph: meta_graph_pb2.MetaGraphDef, example: Example
) -> NativeCall:
    signature = meta_graph.signature_def[example.signature]
    for kind, promised, exported in (
        ("inputs", example.inputs, signature.inputs),
        ("outputs", example.outputs, signature.outputs),
    ):
        if set(promised) != set(exported):
            raise RunError(
                f"the export's signature {example.signature!r} has the {kind}"
                f" {sorted(exported)}, the contract {sorted(promised)}."
            )
    return NativeCall(
        {signature.inputs[name].name: x for name, x in example.inputs.items()},
        [signature.outputs[name].name for name in example.outputs],
    )


def _tolerance(graph: graph_pb2.GraphDef) -> float:
    types = {
        attribute.type
        for node in _nodes(graph)
        for attribute in node.attr.values()
    }
    halves = [x for key, x in _HALF_TOLERANCES.items() if key in types]
    return max([_TOLERANCE, *halves])


def _compare(
    example: Example, name: str, array: np.ndarray, tolerance: float
) -> None:
    expected = example.outputs[name]
    place = f"the export's signature {example.signature!r}, output {name!r},"
    if (array.shape, array.dtype) != (expected.shape, expected.dtype):
        raise RunError(
            f"{place} is {array.dtype} {array.shape} in TensorFlow's C++"
            f" runtime but {expected.dtype} {expected.shape} in the model."
        )
    absolute = relative = tolerance
    if array.dtype == object:
        array, expected = _levels(place, array), _levels(place, expected)
        absolute, relative = math.ceil(255 * tolerance), 0
    if not np.allclose(
        array, expected, rtol=relative, atol=absolute, equal_nan=True
    ):
        with np.errstate(invalid="ignore"):
            difference = np.max(np.abs(array - expected))
        raise RunError(
            f"{place} differs by {difference:.2g} between TensorFlow's C++"
            f" runtime and the model; {absolute:g} is allowed."
        )


def _levels(place: str, files: np.ndarray) -> np.ndarray:
    try:
        pictures = [tf.io.decode_png(file).numpy() for file in files.flat]
    except tf.errors.InvalidArgumentError:
        raise RunError(f"{place} is not all PNG files.") from None
    return np.array(pictures, int)
