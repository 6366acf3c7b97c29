"""How far an export's numbers may be from those of its model."""

from collections.abc import Sequence

import tensorflow as tf

from tfdisent.export.answers import answer
from tfdisent.export.contract import ENDPOINTS, Endpoint

TOLERANCE = 1e-5
"""Of what one network computes, absolute plus relative."""

# Endpoints that encode images, and those that do the rest for given codes.
_OF_CODES = {"reconstruct": "decode", "traverse_images": "traverse"}
_BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}


def tolerance_of(
    model, endpoint: Endpoint, inputs: Sequence[tf.Tensor]
) -> float:
    """The largest difference in an answer that rounding may make.

    What an encoder rounds, a decoder multiplies, and a generator of sharp edges
    by much. So where images go through both, a pixel may move as far as codes
    move it that are off by `TOLERANCE` in every latent, which passes as an
    answer of `encode`, and by `TOLERANCE` more.

    Args:
      model: a `LatentModel`.
      endpoint: one of the contract.
      inputs: of the call, as for `answers.answer`.

    Returns:
      Absolute plus relative.
    """
    is_png = endpoint.inputs[0].dtype == "string"  # It rounds to 1 of 255.
    if is_png or endpoint.name not in _OF_CODES:
        return TOLERANCE
    images, *others = inputs
    rest = _BY_NAME[_OF_CODES[endpoint.name]]
    codes = tf.cast(model.encode(images).mean(), tf.float32)

    def made(codes):
        return answer(model, rest, [codes, *others])["images"]

    still = made(codes)
    moves = TOLERANCE * tf.eye(model.num_latents)
    moved = [tf.abs(made(codes + move) - still) for move in moves]
    return TOLERANCE + float(tf.reduce_max(tf.add_n(moved)))
