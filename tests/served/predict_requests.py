"""Requests for the tiny model, good and bad."""

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import predict_pb2

IMAGES = np.linspace(0, 1, 48, dtype=np.float32).reshape(2, 4, 3, 2)


def predict_request(
    model="tiny",
    *,
    version=None,
    label=None,
    signature="encode",
    output_filter=(),
    **inputs,
):
    """A PredictRequest; inputs are arrays or TensorProtos."""
    request = predict_pb2.PredictRequest(output_filter=output_filter)
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    if label is not None:
        request.model_spec.version_label = label
    for name, value in inputs.items():
        if not isinstance(value, tensor_pb2.TensorProto):
            value = tf.make_tensor_proto(value)
        request.inputs[name].CopyFrom(value)
    return request


def tensor(shape, dtype=tf.float32, **fields):
    """A TensorProto, whether it makes sense or not."""
    number = dtype if isinstance(dtype, int) else dtype.as_datatype_enum
    proto = tensor_pb2.TensorProto(dtype=number, **fields)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto
