"""How far an export's numbers may be from those of its model."""

from collections.abc import Sequence

import tensorflow as tf

from tfdisent.export.answers import answer
from tfdisent.export.contract import ENDPOINTS, Endpoint
from tfdisent.export.png import read_pngs

TOLERANCE = 1e-5
"""Of an answer, absolute plus relative."""

_BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}


def tolerance_of(
    model, endpoint: Endpoint, inputs: Sequence[tf.Tensor]
) -> float:
    """The largest difference in an answer that rounding may make.

    What a network rounds, the next one multiplies: a generator of sharp edges,
    or normal codes of uniform ones near their ends. So an answer about images
    may differ as far as it moves when each pixel is 1e-5 of itself larger or
    smaller, at random, and by `TOLERANCE` more.

    Args:
      model: a `LatentModel`.
      endpoint: one of the contract.
      inputs: of the call, as for `answers.answer`.

    Returns:
      Absolute plus relative.
    """
    given, *others = inputs
    plain = _BY_NAME[endpoint.name]
    if not plain.inputs[0].is_image:
        return TOLERANCE
    is_png = endpoint.inputs[0].dtype == "string"
    images = read_pngs(given, model.image_shape) if is_png else given
    signs = tf.sign(tf.random.stateless_normal(tf.shape(images), [0, 0]))
    still = answer(model, plain, [images, *others])
    moved = answer(model, plain, [images * (1 + 1e-5 * signs), *others])
    return TOLERANCE + max(
        float(tf.reduce_max(tf.abs(moved[name] - still[name])))
        for name in still
    )
