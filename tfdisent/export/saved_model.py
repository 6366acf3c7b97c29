"""A model as a SavedModel that keeps the serving contract."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tfdisent.errors import RunError
from tfdisent.export.answers import answer
from tfdisent.export.contract import (
    ENDPOINTS,
    TensorContract,
    axis_sizes,
)
from tfdisent.export.gate import Example, check_export
from tfdisent.export.versions import new_version

_BATCH_SIZES = (1, 3)
_NUM_VALUES = 3


def export_model(model, directory: Path | str) -> Path:
    """Exports the encoder and decoder of a model as the next version.

    The version appears by one rename, after TensorFlow's C++ runtime has run
    every signature and agreed with the model. Until then, and if anything
    fails or the process dies, earlier versions stay as they were.

    Args:
      model: a `LatentModel`: `encode`, `decode`, `num_latents`,
        `image_shape`.
      directory: holds the versions 1, 2, ...; made if missing.

    Returns:
      The version's directory.

    Raises:
      RunError: the export could not be written, or failed its check.
    """
    # The model answers before it is traced, so that its variables exist.
    examples = _examples(model)
    with new_version(Path(directory)) as (temporary, version):
        _write(model, temporary)
        check_export(temporary, examples)
    return version


def _write(model, directory: Path) -> None:
    signatures = {
        name: _signature(model, name).get_concrete_function()
        for name in ENDPOINTS
    }
    module = tf.Module()
    # Only the plain tf.Variables that the signatures read. A Keras variable
    # would be saved with a second tf.Variable beside it, and a C++ session
    # would restore that one and not find the first.
    module.parameters = list(
        {
            id(variable): variable
            for signature in signatures.values()
            for variable in signature.variables
        }.values()
    )
    try:
        tf.saved_model.save(module, str(directory), signatures=signatures)
    except tf.errors.OpError as error:
        raise RunError(
            f"could not write the export to {directory}:"
            f" {' '.join(error.message.split())}"
        ) from error


def _signature(model, name: str) -> tf.types.experimental.PolymorphicFunction:
    sizes = axis_sizes(model)
    return tf.function(
        lambda *inputs: answer(model, name, inputs),
        input_signature=[
            tf.TensorSpec(given.shape(sizes), given.dtype, given.name)
            for given in ENDPOINTS[name].inputs
        ],
    )


def _examples(model) -> list[Example]:
    rng = np.random.default_rng(0)
    examples = []
    # On the processor, as the check: accelerators round otherwise.
    with tf.device("CPU"):
        for name, endpoint in ENDPOINTS.items():
            for rows in _BATCH_SIZES:
                inputs = {
                    given.name: _draw(model, given, rows, rng)
                    for given in endpoint.inputs
                }
                tensors = [tf.constant(array) for array in inputs.values()]
                outputs = answer(model, name, tensors)
                arrays = {key: x.numpy() for key, x in outputs.items()}
                examples.append(Example(name, inputs, arrays))
    return examples


def _draw(
    model, given: TensorContract, rows: int, rng: np.random.Generator
) -> np.ndarray:
    sizes = axis_sizes(model) | {"B": rows, "K": _NUM_VALUES}
    shape = given.shape(sizes)
    if given.name == "images":
        return rng.random(shape, np.float32)
    if given.name == "latent":
        return rng.integers(0, model.num_latents, shape)
    if given.name == "seed":
        return rng.integers(-(2**63), 2**63 - 1, shape)
    return rng.standard_normal(shape, np.float32)
