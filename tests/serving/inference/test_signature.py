import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from tfdisent.export.messages import SignatureDef
from tfdisent.serving.inference.signature import Tensor, read_signature
from tfdisent.serving.status import Code, ServingError


def info(name, dtype, shape):
    return meta_graph_pb2.TensorInfo(
        name=name,
        dtype=tf.dtypes.as_dtype(dtype).as_datatype_enum,
        tensor_shape=tf.TensorShape(shape).as_proto(),
    )


def read(inputs, outputs, defaults=None):
    official = meta_graph_pb2.SignatureDef(
        method_name="tensorflow/serving/predict",
        inputs=inputs,
        outputs=outputs,
        defaults=defaults,
    )
    message = SignatureDef.FromString(official.SerializeToString())
    return read_signature(message, max_elements=10)


ROWS = info("y:0", tf.float32, [None])


def test_tensors_are_read_in_the_order_of_their_names():
    signature = read(
        {
            "z": info("z:0", tf.string, [None]),
            "a": info("a:1", tf.float32, [None, 4, None]),
        },
        {"y": ROWS},
    )
    assert [*signature.inputs.items()] == [
        ("a", Tensor("a:1", "float32", (-1, 4, -1))),
        ("z", Tensor("z:0", "object", (-1,))),
    ]
    assert signature.is_batched


def test_a_name_without_a_number_is_the_first_output():
    signature = read({"x": info("x", tf.float32, [None])}, {"y": ROWS})
    assert signature.inputs["x"].name == "x:0"


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (tf.float64, "float64"),
        (tf.int32, "int32"),
        (tf.uint8, "uint8"),
        (tf.int16, "int16"),
        (tf.int64, "int64"),
        (tf.bool, "bool"),
        (tf.float16, None),
        (tf.bfloat16, None),
        (tf.complex64, None),
    ],
)
def test_dtypes_are_numpys(dtype, name):
    signature = read({"x": info("x:0", dtype, [None])}, {"y": ROWS})
    found = signature.inputs["x"].dtype
    assert (found and found.name) == name


@pytest.mark.parametrize("shape", [[], [3], [1, None], None])
def test_only_an_open_first_axis_everywhere_is_a_batch(shape):
    other = info("x:0", tf.float32, shape)
    assert not read({"x": other}, {"y": ROWS}).is_batched
    assert not read({"x": ROWS}, {"y": ROWS, "z": other}).is_batched
    assert not read({}, {"y": ROWS}).is_batched


def test_defaults_are_read_and_rule_out_batches():
    signature = read(
        {"x": ROWS, "t": info("t:0", tf.float32, [None])},
        {"y": ROWS},
        {"t": tf.make_tensor_proto([0.5])},
    )
    np.testing.assert_array_equal(signature.defaults["t"], [0.5])
    assert not signature.is_batched


@pytest.mark.parametrize("default", [tf.zeros([11]), tf.zeros([2], tf.float16)])
def test_defaults_that_cannot_be_held_are_refused(default):
    with pytest.raises(ServingError) as error:
        read({"x": ROWS}, {"y": ROWS}, {"x": tf.make_tensor_proto(default)})
    assert error.value.code is Code.UNIMPLEMENTED
