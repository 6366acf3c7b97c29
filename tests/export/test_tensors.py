import math
import tracemalloc

import hypothesis
import hypothesis.extra.numpy as np_strategies
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2

from tfdisent.export.messages import TensorProto
from tfdisent.export.tensors import (
    DTYPES,
    NUMBERS,
    TensorError,
    to_array,
    to_proto,
    type_name,
)

CAP = 4096
FIELDS = {
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.int32: "int_val",
    tf.uint8: "int_val",
    tf.int16: "int_val",
    tf.int8: "int_val",
    tf.int64: "int64_val",
    tf.bool: "bool_val",
    tf.uint16: "int_val",
    tf.uint32: "uint32_val",
    tf.uint64: "uint64_val",
}
FIELDS = {dtype.as_datatype_enum: field for dtype, field in FIELDS.items()}


def arrays():
    shapes = np_strategies.array_shapes(min_dims=0, max_dims=5, min_side=0)
    numbers = st.sampled_from(sorted(FIELDS)).flatmap(
        lambda number: np_strategies.arrays(DTYPES[number], shapes)
    )
    strings = np_strategies.arrays(
        object, shapes, elements=st.binary(max_size=5), fill=st.nothing()
    )
    return numbers | strings


def proto(dtype, shape, **fields):
    tensor = TensorProto(dtype=dtype, **fields)
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    return tensor


def private(official):
    return TensorProto.FromString(official.SerializeToString())


def equal(one, two):
    """Same dtype, shape and bytes: NaNs with their payloads, -0.0 too."""
    if one.dtype == object:
        return one.shape == two.shape and one.tolist() == two.tolist()
    return (one.dtype, one.shape, one.tobytes()) == (
        two.dtype,
        two.shape,
        two.tobytes(),
    )


def test_data_types_are_tensorflows():
    for number, dtype in DTYPES.items():
        assert np.dtype(tf.dtypes.as_dtype(number).as_numpy_dtype) == dtype
        assert NUMBERS[dtype] == number
        assert type_name(number) == types_pb2.DataType.Name(number)
    assert type_name(100) == "100"


@hypothesis.settings(deadline=None)
@hypothesis.given(arrays())
def test_what_is_written_tensorflow_reads(array):
    official = tensor_pb2.TensorProto.FromString(
        to_proto(array).SerializeToString()
    )
    assert equal(tf.make_ndarray(official), array)
    assert equal(to_array(to_proto(array), CAP), array)


@hypothesis.settings(deadline=None)
@hypothesis.given(arrays())
def test_what_tensorflow_writes_is_read(array):
    official = tf.make_tensor_proto(array, NUMBERS[array.dtype])
    assert equal(to_array(private(official), CAP), array)


@hypothesis.settings(deadline=None)
@hypothesis.given(
    st.sampled_from(sorted(FIELDS)),
    np_strategies.array_shapes(min_dims=0, max_dims=3, min_side=0),
    st.data(),
)
def test_listed_numbers_repeat_the_last_as_in_tensorflow(number, shape, data):
    count = data.draw(st.integers(0, math.prod(shape)))
    values = data.draw(np_strategies.arrays(DTYPES[number], count))
    tensor = proto(number, shape, **{FIELDS[number]: values.tolist()})
    official = tensor_pb2.TensorProto.FromString(tensor.SerializeToString())
    assert equal(to_array(tensor, CAP), tf.make_ndarray(official))


def test_content_goes_before_listed_values():
    content = np.float32([1, 2]).tobytes()
    tensor = proto(1, [2], tensor_content=content, float_val=[3, 4])
    assert to_array(tensor, CAP).tolist() == [1, 2]


def test_bytes_of_bools_are_bools():
    tensor = proto(10, [3], tensor_content=b"\x00\x01\x02")
    assert to_array(tensor, CAP).view(np.uint8).tolist() == [0, 1, 1]


def test_read_arrays_may_not_be_written():
    for fields in (
        {"tensor_content": bytes(8)},
        {"float_val": [1]},
        {"float_val": [1, 2]},
    ):
        assert not to_array(proto(1, [2], **fields), CAP).flags.writeable


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        (proto(0, []), "DT_INVALID is not implemented"),
        (proto(19, [], half_val=[0]), "DT_HALF is not implemented"),
        (proto(14, []), "DT_BFLOAT16 is not implemented"),
        (proto(8, []), "DT_COMPLEX64 is not implemented"),
        (proto(11, []), "DT_QINT8 is not implemented"),
        (proto(101, []), "dtype 101 is not implemented"),
        (proto(-1, []), "dtype -1 is not implemented"),
        (proto(1, [-1]), "negative"),
        (proto(1, [-2, -2], float_val=[0] * 4), "negative"),
        (proto(1, [2] * 300), "300 dimensions"),
        (proto(1, [1] * 33, float_val=[0]), "33 dimensions"),
        (proto(1, [CAP + 1], float_val=[0]), "more than the 4096 elements"),
        # 2**64 is 0, and 2**64 + 4 is 4, in 64 bits.
        (proto(1, [2**32, 2**32]), "more than the 4096 elements"),
        (proto(1, [2**62, 4, 1]), "more than the 4096 elements"),
        (proto(1, [0, 2**62, 4]), "more than the 4096 elements"),
        (proto(1, [3], tensor_content=bytes(11)), "needs 12 bytes.* has 11"),
        (proto(1, [3], tensor_content=bytes(16)), "needs 12 bytes.* has 16"),
        (proto(1, [0], tensor_content=bytes(1)), "needs 0 bytes"),
        (proto(1, [2], float_val=[1, 2, 3]), "float_val has 3"),
        (proto(1, [0], float_val=[1]), "float_val has 1"),
        (proto(7, [2], string_val=[b""]), "string_val has 1"),
        (proto(7, [1], tensor_content=b"\1a"), "belong in string_val"),
        (proto(4, [2], int_val=[0, 256]), "outside of DT_UINT8"),
        (proto(6, [1], int_val=[-129]), "outside of DT_INT8"),
    ],
)
def test_what_is_no_tensor_is_refused(tensor, reason):
    with pytest.raises(TensorError, match=reason) as info:
        to_array(tensor, CAP)
    assert str(info.value) == "tensor parsing error: " + info.value.reason


def test_unknown_rank_is_refused():
    tensor = TensorProto(dtype=1, float_val=[1])
    tensor.tensor_shape.unknown_rank = True
    with pytest.raises(TensorError, match="unknown rank"):
        to_array(tensor, CAP)


@pytest.mark.parametrize(
    "fields", [{}, {"float_val": [1]}, {"float_val": [1, 2]}]
)
def test_small_messages_do_not_grow_beyond_the_cap(fields):
    tensor = proto(1, [2**15, 2**15], **fields)
    tracemalloc.start()
    with pytest.raises(TensorError):
        to_array(tensor, 2**24)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e5


def test_one_repeated_value_takes_no_memory():
    tensor = proto(2, [2**24], double_val=[0.5])
    tracemalloc.start()
    array = to_array(tensor, 2**24)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e5
    assert array.shape == (2**24,)
    assert array[-1] == 0.5


def test_up_to_32_dimensions_and_the_cap_are_read():
    assert to_array(proto(1, [1] * 32), 1).shape == (1,) * 32
    assert to_array(proto(1, [CAP]), CAP).shape == (CAP,)


@pytest.mark.parametrize(
    "array",
    [
        np.float16([1]),
        np.array(["text"]),
        np.array(["text"], object),
        np.complex64([1]),
        np.array([1], ">f4"),
    ],
)
def test_other_arrays_are_not_written(array):
    with pytest.raises(TypeError):
        to_proto(array)
