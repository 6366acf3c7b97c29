"""What the graph and signatures of an export may hold."""

from collections.abc import Mapping

import tensorflow as tf
from tensorflow.core.framework import graph_pb2, node_def_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.framework import op_def_registry

from tfdisent.errors import RunError

# TensorFlow adds this signature to each SavedModel.
_INITIALIZER = "__saved_model_init_op"

# What both a C++ session and TensorFlow Serving's REST can take and give.
_DTYPES = (tf.float32, tf.int32, tf.int64, tf.bool, tf.string)

# Stateless by name, but they read files that no version directory holds.
_FILE_OPERATIONS = {"MatchingFiles", "ReadFile"}

# What a signature may run although TensorFlow calls it stateful: functions,
# checks and reads of variables. Random generators, Python functions and
# batching queues are stateful and not here.
_READERS = {
    "Assert",
    "If",
    "ReadVariableOp",
    "StatefulPartitionedCall",
    "VarHandleOp",
    "VarIsInitializedOp",
    "While",
}

# What TensorFlow adds beside the signatures, to load and save variables.
_SAVERS = {
    "AssignVariableOp",
    "DisableCopyOnRead",
    "MergeV2Checkpoints",
    "RestoreV2",
    "SaveV2",
}


def check_graph(meta_graph: meta_graph_pb2.MetaGraphDef) -> None:
    """Refuses a graph with XLA, Python functions, files or other state.

    Servers switch XLA off and have no Python; stateful randomness gives
    answers that no seed can repeat, and a variable that a request writes gives
    the next one another answer; files lie on this machine alone.

    Raises:
      RunError: names the operation or function.
    """
    graph = meta_graph.graph_def
    functions = graph.library.function
    nodes = all_nodes(graph)
    names = {function.signature.name for function in functions}
    served = {node.op for node in _served_nodes(meta_graph)}
    for operation in sorted({node.op for node in nodes} - names):
        is_beside = operation in _SAVERS and operation not in served
        if not (is_beside or _is_servable(operation)):
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


def all_nodes(graph: graph_pb2.GraphDef) -> list[node_def_pb2.NodeDef]:
    """The nodes of a graph and of all its functions."""
    inner = (node for f in graph.library.function for node in f.node_def)
    return [*graph.node, *inner]


def _served_nodes(
    meta_graph: meta_graph_pb2.MetaGraphDef,
) -> list[node_def_pb2.NodeDef]:
    """The nodes that any signature runs, in the graph and in functions."""
    library = meta_graph.graph_def.library.function
    functions = {f.signature.name: f.node_def for f in library}
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    names = [
        info.name
        for signature in meta_graph.signature_def.values()
        for info in signature.outputs.values()
    ]
    needed = {}
    while names:
        name = names.pop().removeprefix("^").partition(":")[0]
        if name not in needed:
            needed[name] = nodes[name]
            names += nodes[name].input
    served, called = list(needed.values()), set()
    for node in served:  # which grows meanwhile
        names = {node.op, *(x.func.name for x in node.attr.values())}
        for name in names & functions.keys() - called:
            called.add(name)
            served += functions[name]
    return served


def _is_servable(operation: str) -> bool:
    if operation in _READERS:
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
