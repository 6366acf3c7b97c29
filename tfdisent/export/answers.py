"""How a model answers each endpoint of the contract, eagerly or in a graph."""

from collections.abc import Sequence

import tensorflow as tf

from tfdisent.export.contract import MAX_VALUES, Endpoint, axis_sizes
from tfdisent.export.png import read_pngs, write_pngs


def answer(
    model, endpoint: Endpoint, inputs: Sequence[tf.Tensor]
) -> dict[str, tf.Tensor]:
    """Answers one endpoint, with its inputs checked first.

    Args:
      model: a `LatentModel`.
      endpoint: one of `contract.endpoints_of(model)`.
      inputs: tensors in the order of the contract.

    Returns:
      The endpoint's outputs by name, in the contract's shapes and dtypes.

    Raises:
      tf.errors.InvalidArgumentError: an input breaks the contract.
    """
    sizes = axis_sizes(model)
    checked = _same_batch(
        [
            tf.ensure_shape(tensor, promised.shape(sizes))
            for tensor, promised in zip(inputs, endpoint.inputs, strict=True)
        ]
    )
    read = [
        read_pngs(tensor, model.image_shape)
        if promised.dtype == "string"
        else tensor
        for tensor, promised in zip(checked, endpoint.inputs, strict=True)
    ]
    outputs = _ANSWERS[endpoint.name](model, *read)
    return {
        promised.name: tf.ensure_shape(
            write_pngs(outputs[promised.name.removesuffix("_bytes")])
            if promised.dtype == "string"
            else outputs[promised.name],
            promised.shape(sizes),
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


def _encode_sample(model, images, seed):
    posterior = _encode(model, images)
    noise = _standard_normal(seed, model.num_latents)
    return {"codes": posterior["mean"] + posterior["stddev"] * noise}


def _decode(model, codes):
    images = tf.cast(model.decode(codes).mean(), tf.float32)
    return {"images": tf.clip_by_value(images, 0.0, 1.0)}


def _reconstruct(model, images):
    return _decode(model, _encode(model, images)["mean"])


def _sample(model, seed):
    codes = _standard_normal(seed, model.num_latents)
    if model.num_noise:
        return {"codes": codes, **_generate(model, codes, seed)}
    return {"codes": codes, **_decode(model, codes)}


def _generate(model, codes, seed):
    # Not the numbers that `_sample` makes codes of.
    noise = _standard_normal(seed, model.num_noise, stream=1)
    return {"images": model.generate(codes, noise)}


def _standard_normal(seed: tf.Tensor, size: int, stream: int = 0) -> tf.Tensor:
    # One draw a row, not one for the batch: a seed gives the same numbers
    # wherever a server puts it. The algorithm is named so that they are the
    # same on every device too.
    return tf.map_fn(
        lambda row: tf.random.stateless_normal(
            [size], tf.stack([row, stream]), alg="philox"
        ),
        seed,
        fn_output_signature=tf.TensorSpec([size], tf.float32),
    )


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


def _traverse_images(model, images, latent, values):
    return _traverse(model, _encode(model, images)["mean"], latent, values)


_ANSWERS = {
    "encode": _encode,
    "encode_sample": _encode_sample,
    "decode": _decode,
    "reconstruct": _reconstruct,
    "sample": _sample,
    "generate": _generate,
    "traverse": _traverse,
    "traverse_images": _traverse_images,
}
