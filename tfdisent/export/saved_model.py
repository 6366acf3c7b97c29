"""A model as a SavedModel that keeps the serving contract."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfdisent.errors import RunError
from tfdisent.export.answers import answer
from tfdisent.export.contract import (
    CARD_FILE,
    Endpoint,
    TensorContract,
    axis_sizes,
    endpoints_of,
)
from tfdisent.export.gate import Example, check_export
from tfdisent.export.png import write_pngs
from tfdisent.export.tolerance import tolerance_of
from tfdisent.export.versions import new_version
from tfdisent.export.warm_up import write_warm_up

_BATCH_SIZES = (1, 2)
_NUM_VALUES = 3


def export_model(
    model, directory: Path | str, *, card: Mapping | None = None
) -> Path:
    """Exports the encoder and decoder of a model as the next version.

    The version appears by one rename, after TensorFlow's C++ runtime has run
    every signature and agreed with the model. Until then, and if anything
    fails or the process dies, earlier versions stay as they were.

    Args:
      model: a `LatentModel`: `encode`, `decode`, `num_latents`,
        `image_shape`.
      directory: holds the versions 1, 2, ...; made if missing.
      card: what is known about the model; for `assets.extra/model_card.json`.

    Returns:
      The version's directory.

    Raises:
      RunError: the export could not be written, or failed its check.
      ValueError: the card holds NaN or infinities, which JSON cannot write.
    """
    # The model answers before it is traced, so that its variables exist.
    examples = _examples(model)
    with new_version(Path(directory)) as (temporary, version):
        try:
            _write(model, temporary)
            write_warm_up(temporary, examples)
        except tf.errors.OpError as error:
            raise RunError(
                f"could not write the export to {temporary}:"
                f" {' '.join(error.message.split())}"
            ) from error
        if card is not None:
            text = json.dumps(card, indent=2, allow_nan=False) + "\n"
            (temporary / CARD_FILE).write_text(text)
        check_export(temporary, examples)
    return version


def _write(model, directory: Path) -> None:
    signatures = {
        name: _signature(model, endpoint).get_concrete_function()
        for name, endpoint in endpoints_of(model).items()
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
    tf.saved_model.save(module, str(directory), signatures=signatures)


def _signature(
    model, endpoint: Endpoint
) -> tf.types.experimental.PolymorphicFunction:
    sizes = axis_sizes(model)
    return tf.function(
        lambda *inputs: answer(model, endpoint, inputs),
        input_signature=[
            tf.TensorSpec(given.shape(sizes), given.dtype, given.name)
            for given in endpoint.inputs
        ],
    )


def _examples(model) -> list[Example]:
    rng = np.random.default_rng(0)
    examples = []
    # On the processor, as the check: accelerators round otherwise.
    with tf.device("CPU"):
        for name, endpoint in endpoints_of(model).items():
            for rows in _BATCH_SIZES:
                inputs = {
                    given.name: _draw(model, given, rows, rng)
                    for given in endpoint.inputs
                }
                tensors = [tf.constant(array) for array in inputs.values()]
                outputs = answer(model, endpoint, tensors)
                arrays = {key: x.numpy() for key, x in outputs.items()}
                tolerance = tolerance_of(model, endpoint, tensors)
                examples.append(Example(name, inputs, arrays, tolerance))
    return examples


def _draw(
    model, given: TensorContract, rows: int, rng: np.random.Generator
) -> np.ndarray:
    sizes = axis_sizes(model) | {"B": rows, "K": _NUM_VALUES}
    shape = given.shape(sizes)
    if given.dtype == "string":
        images = rng.random((*shape, *model.image_shape), np.float32)
        return write_pngs(tf.constant(images)).numpy()
    if given.name == "latent":
        return rng.integers(0, model.num_latents, shape)
    if given.name == "seed":
        # Seeds of which any cast to fewer bits would lose some.
        return rng.integers(-(2**62), 2**62, shape)
    if given.is_image:
        return rng.random(shape, np.float32)
    return rng.standard_normal(shape, np.float32)
