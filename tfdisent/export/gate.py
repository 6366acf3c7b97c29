"""The gate: what a SavedModel must show before it is published."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tensorflow.core.framework import graph_pb2, node_def_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.python.framework import op_def_registry

from tfdisent.errors import RunError
from tfdisent.export.native_run import NativeCall, run_native

# Largest difference from the model, absolute plus relative. A layer of half
# precision rounds otherwise when the runtime fuses it with the next.
_TOLERANCE = 1e-5
_HALF_TOLERANCES = {types_pb2.DT_HALF: 0.01, types_pb2.DT_BFLOAT16: 0.05}

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

    Its graph must hold no XLA, Python or stateful randomness, and TensorFlow's
    C++ runtime must answer each example as the model did, to 1e-5 (float16:
    0.01, bfloat16: 0.05).

    Args:
      saved_model: directory of the SavedModel.
      examples: calls with the model's own outputs.

    Raises:
      RunError: with the first fault found.
    """
    meta_graph = _read(saved_model)
    check_graph(meta_graph.graph_def)
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
    """Refuses a graph with XLA, Python functions or state but variables.

    Servers switch XLA off and have no Python; stateful randomness gives
    answers that no seed can repeat.

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
    return "PyFunc" not in operation and not operation.startswith("Xla")


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
    if not np.allclose(
        array, expected, rtol=tolerance, atol=tolerance, equal_nan=True
    ):
        with np.errstate(invalid="ignore"):
            difference = np.max(np.abs(array - expected))
        raise RunError(
            f"{place} differs by {difference:.2g} between TensorFlow's C++"
            f" runtime and the model; {tolerance:g} is allowed."
        )
