"""How a model answers each endpoint of the contract, eagerly or in a graph."""

from collections.abc import Sequence

import tensorflow as tf

from tfdisent.export.contract import ENDPOINTS, MAX_VALUES, axis_sizes


def answer(
    model, name: str, inputs: Sequence[tf.Tensor]
) -> dict[str, tf.Tensor]:
    """Answers one endpoint, with its inputs checked first.

    Args:
      model: a `LatentModel`.
      name: a key of `contract.ENDPOINTS`.
      inputs: tensors in the order of the contract.

    Returns:
      The endpoint's outputs by name, in the contract's shapes and dtypes.

    Raises:
      tf.errors.InvalidArgumentError: an input breaks the contract.
    """
    endpoint, sizes = ENDPOINTS[name], axis_sizes(model)
    checked = [
        tf.ensure_shape(tensor, promised.shape(sizes))
        for tensor, promised in zip(inputs, endpoint.inputs, strict=True)
    ]
    outputs = _ANSWERS[name](model, *_same_batch(checked))
    return {
        promised.name: tf.ensure_shape(
            outputs[promised.name], promised.shape(sizes)
        )
        for promised in endpoint.outputs
    }


def _same_batch(inputs: list[tf.Tensor]) -> list[tf.Tensor]:
    rows = tf.shape(inputs[0])[0]
    checks = [
        tf.debugging.assert_equal(
            tf.shape(other)[0], rows, "all inputs need the same batch size"
        )
        for other in inputs[1:]
    ]
    with tf.control_dependencies(checks):
        return [tf.identity(tensor) for tensor in inputs]


def _encode(model, images):
    posterior = model.encode(images)
    return {
        "mean": tf.cast(posterior.mean(), tf.float32),
        "stddev": tf.cast(posterior.stddev(), tf.float32),
    }


def _decode(model, codes):
    images = tf.cast(model.decode(codes).mean(), tf.float32)
    return {"images": tf.clip_by_value(images, 0.0, 1.0)}


def _reconstruct(model, images):
    return _decode(model, _encode(model, images)["mean"])


def _sample(model, seed):
    # One draw a row, not one for the batch: a seed gives the same codes
    # wherever a server puts it. The algorithm is named so that they are the
    # same on every device too.
    codes = tf.map_fn(
        lambda row: tf.random.stateless_normal(
            [model.num_latents], tf.stack([row, 0]), alg="philox"
        ),
        seed,
        fn_output_signature=tf.TensorSpec([model.num_latents], tf.float32),
    )
    return {"codes": codes, **_decode(model, codes)}


def _traverse(model, codes, latent, values):
    size = model.num_latents
    in_range = f"latent must be in [0, {size})"
    few = f"a row may have at most {MAX_VALUES} values"
    checks = [
        tf.debugging.assert_non_negative(latent, in_range),
        tf.debugging.assert_less(latent, tf.cast(size, tf.int64), in_range),
        tf.debugging.assert_less_equal(tf.shape(values)[1], MAX_VALUES, few),
    ]
    with tf.control_dependencies(checks):
        chosen = tf.one_hot(latent, size, on_value=True, off_value=False)
    moved = tf.where(
        chosen[:, None, :], values[:, :, None], codes[:, None, :]
    )  # [B, K, D]
    images = _decode(model, tf.reshape(moved, [-1, size]))["images"]
    shape = tf.concat([tf.shape(moved)[:2], model.image_shape], axis=0)
    return {"images": tf.reshape(images, shape)}


_ANSWERS = {
    "serving_default": _encode,
    "encode": _encode,
    "decode": _decode,
    "reconstruct": _reconstruct,
    "sample": _sample,
    "traverse": _traverse,
}
