"""The gate: what a SavedModel must show before it is published."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import graph_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from tfdisent.errors import RunError
from tfdisent.export.graph_checks import (
    all_nodes,
    check_graph,
    check_signatures,
)
from tfdisent.export.native_run import NativeCall, run_native
from tfdisent.export.tolerance import TOLERANCE

# A layer of half precision rounds otherwise when the runtime fuses it with the
# next.
_HALF_TOLERANCES = {types_pb2.DT_HALF: 0.01, types_pb2.DT_BFLOAT16: 0.05}


class Example(NamedTuple):
    """One call of a signature and the outputs that the model gives.

    Attributes:
      signature: a key of the contract.
      inputs: arrays by name.
      outputs: arrays by name.
      tolerance: largest difference from them, absolute plus relative, at least
        that of the graph's precision.
    """

    signature: str
    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]
    tolerance: float = TOLERANCE


def check_export(saved_model: Path, examples: Sequence[Example]) -> None:
    """Refuses a SavedModel that a server could not serve as promised.

    Its graph must hold no XLA, Python, state or files, its signatures only
    data types that servers can send. TensorFlow's C++ runtime must answer each
    example as the model did, to its tolerance (float16: 0.01 at least,
    bfloat16: 0.05; PNG files: the same, but 1 level of 255 at least), and each
    row of it alone as beside the others: servers put rows of several clients
    together.

    Args:
      saved_model: directory of the SavedModel.
      examples: calls with the model's own outputs.

    Raises:
      RunError: with the first fault found.
    """
    meta_graph = _read(saved_model)
    check_graph(meta_graph)
    check_signatures(meta_graph.signature_def)
    for example in examples:
        _check_finite(example)
    tolerance = _tolerance(meta_graph.graph_def)
    rows = [row for example in examples for row in _rows(example)]
    asked = [*examples, *rows]
    calls = [_native_call(meta_graph, example) for example in asked]
    answers = run_native(saved_model, calls)
    between = ["TensorFlow's C++ runtime and the model"] * len(examples)
    between += ["a row alone and the same beside others"] * len(rows)
    for example, answer, both in zip(asked, answers, between, strict=True):
        if isinstance(answer, str):
            raise RunError(
                f"the export's signature {example.signature!r} fails in"
                f" TensorFlow's C++ runtime: {' '.join(answer.split())}"
            )
        for name, array in zip(example.outputs, answer, strict=True):
            _compare(example, name, array, tolerance, both)


def _check_finite(example: Example) -> None:
    for name, array in example.outputs.items():
        if array.dtype != object and not np.isfinite(array).all():
            raise RunError(
                f"the model answers {example.signature!r} with NaN or"
                f" infinities in {name!r}; only a model that gives numbers is"
                " exported."
            )


def _rows(example: Example) -> list[Example]:
    """Each row by itself; none if the example is one row."""
    count = len(next(iter(example.inputs.values())))
    rows = [slice(i, i + 1) for i in range(count)] if count > 1 else []
    return [
        example._replace(
            inputs={name: x[row] for name, x in example.inputs.items()},
            outputs={name: x[row] for name, x in example.outputs.items()},
        )
        for row in rows
    ]


def _read(saved_model: Path) -> meta_graph_pb2.MetaGraphDef:
    content = (saved_model / "saved_model.pb").read_bytes()
    return saved_model_pb2.SavedModel.FromString(content).meta_graphs[0]


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
        for node in all_nodes(graph)
        for attribute in node.attr.values()
    }
    halves = [x for key, x in _HALF_TOLERANCES.items() if key in types]
    return max(halves, default=0)


def _compare(
    example: Example, name: str, array: np.ndarray, tolerance: float, both: str
) -> None:
    expected = example.outputs[name]
    place = f"the export's signature {example.signature!r}, output {name!r},"
    if (array.shape, array.dtype) != (expected.shape, expected.dtype):
        raise RunError(
            f"{place} is {array.dtype} {array.shape} in TensorFlow's C++"
            f" runtime but {expected.dtype} {expected.shape} in the model."
        )
    tolerance = max(tolerance, example.tolerance)
    absolute = relative = tolerance
    if array.dtype == object:
        array, expected = _levels(place, array), _levels(place, expected)
        absolute, relative = math.ceil(255 * tolerance), 0
    if not np.allclose(array, expected, rtol=relative, atol=absolute):
        difference = np.max(np.abs(array - expected))
        raise RunError(
            f"{place} differs by {difference:.2g} between {both};"
            f" {absolute:g} is allowed."
        )


def _levels(place: str, files: np.ndarray) -> np.ndarray:
    try:
        pictures = [tf.io.decode_png(file).numpy() for file in files.flat]
    except tf.errors.InvalidArgumentError:
        raise RunError(f"{place} is not all PNG files.") from None
    return np.array(pictures, int)
