"""Calls of an export in the caller's own process: the limit of any server.

Twice: in the C++ session, as the server has it, and by `tf.saved_model.load`,
as a program in Python would. Each belongs in a process of its own.
"""

import functools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfdisent.export.native_session import NativeSession

NUM_VALUES = 7
_WARM_UP_SECONDS = 0.3


@functools.cache
def _session(version: Path) -> NativeSession:
    return NativeSession(version)


def inputs(version: Path, signature: str, rows: int) -> dict[str, np.ndarray]:
    """Arrays for a signature of the contract, the same each time."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name, info in _session(version).signatures[signature].inputs.items():
        sizes = [dim.size for dim in info.tensor_shape.dim]
        shape = [rows, *(NUM_VALUES if s < 0 else s for s in sizes[1:])]
        if name == "latent":
            arrays[name] = rng.integers(0, 3, shape)
        elif name == "images":
            arrays[name] = rng.random(shape, np.float32)
        else:
            arrays[name] = rng.standard_normal(shape, np.float32)
    return arrays


def native_rate(
    version: Path, signature: str, rows: int, seconds: float
) -> float:
    """Calls a second of one thread in the C++ session."""
    session = _session(version)
    known = session.signatures[signature]
    feeds = {
        known.inputs[name].name: array
        for name, array in inputs(version, signature, rows).items()
    }
    fetches = [info.name for info in known.outputs.values()]
    return _rate(lambda: session.run(feeds, fetches), seconds)


def eager_rate(
    version: Path, signature: str, rows: int, seconds: float
) -> float:
    """Calls a second of one thread by Python's TensorFlow."""
    import tensorflow as tf

    function = _loaded(version).signatures[signature]
    tensors = {
        name: tf.constant(array)
        for name, array in inputs(version, signature, rows).items()
    }

    def call():
        return {name: x.numpy() for name, x in function(**tensors).items()}

    return _rate(call, seconds)


@functools.cache
def _loaded(version: Path):
    import tensorflow as tf

    return tf.saved_model.load(str(version))


def _rate(call: Callable[[], object], seconds: float) -> float:
    end = time.perf_counter() + _WARM_UP_SECONDS
    while time.perf_counter() < end:
        call()
    count, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        call()
        count += 1
    return count / (time.perf_counter() - start)
