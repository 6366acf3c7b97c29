"""PredictRequests and text files of protobuf, good ones with harm done."""

import hypothesis.strategies as st
import tensorflow as tf
from google.protobuf.descriptor import FieldDescriptor
from served.fuzz_strategies import (
    ANY_FILES,
    ANY_FLOATS,
    FLOATS,
    INTEGERS,
    garbled,
    requests,
)
from served.predict_requests import predict_request

DTYPES = st.integers(0, 35) | st.sampled_from([101, 109, 999, -1, 2**31 - 1])
SIZES = st.integers(-2, 7) | st.sampled_from([2**31, 2**40, 2**62, -(2**63)])
NAMES = st.sampled_from(
    ["images", "seed", "codes", "mean", "", "..", "\0", "a" * 3000, "é\n"]
)
NUMBERS = st.integers(-(2**31), 2**31 - 1) | st.just(0)
# By the fields of TensorProto, those that hold a tensor's values.
LISTED = {
    "float_val": ANY_FLOATS,
    "double_val": FLOATS,
    "int_val": NUMBERS,
    "int64_val": INTEGERS,
    "uint32_val": st.integers(0, 2**32 - 1),
    "uint64_val": st.integers(0, 2**64 - 1),
    "bool_val": st.booleans(),
    "string_val": st.binary(max_size=4),
    "half_val": NUMBERS,
}


@st.composite
def harm_tensor(draw, tensor):
    """Changes one thing in a TensorProto."""
    match draw(st.integers(0, 8)):
        case 0:
            tensor.dtype = draw(DTYPES)
        case 1:
            del tensor.tensor_shape.dim[draw(st.integers(0, 3)) :]
        case 2:
            count = draw(st.sampled_from([1, 29, 300]))
            for _ in range(count):
                tensor.tensor_shape.dim.add(size=1)
        case 3 if tensor.tensor_shape.dim:
            dim = draw(st.sampled_from(list(tensor.tensor_shape.dim)))
            dim.size = draw(SIZES)
        case 4:
            tensor.tensor_shape.unknown_rank = True
        case 5:
            field = draw(
                st.sampled_from(
                    ["tensor_content", "tensor_shape", "dtype", "string_val"]
                )
            )
            tensor.ClearField(field)
        case 6:
            tensor.tensor_content = draw(
                st.binary(max_size=20) | garbled(tensor.tensor_content)
            )
        case 7:
            tensor.version_number = draw(NUMBERS)
            tensor.resource_handle_val.add(name="x", device="y")
            tensor.variant_val.add(type_name="x", metadata=b"y")
        case _:
            name = draw(st.sampled_from(sorted(LISTED)))
            values = draw(st.lists(LISTED[name], max_size=3))
            getattr(tensor, name).extend(values)
            if draw(st.booleans()):
                tensor.ClearField("tensor_content")


@st.composite
def harm_request(draw, request):
    """Changes one thing in a PredictRequest beside its tensors."""
    spec = request.model_spec
    match draw(st.integers(0, 6)):
        case 0:
            spec.name = draw(NAMES)
        case 1:
            spec.signature_name = draw(NAMES)
        case 2:
            spec.version.value = draw(INTEGERS | st.just(1))
        case 3:
            spec.version_label = draw(NAMES)
        case 4:
            request.output_filter.append(draw(NAMES))
        case 5:
            request.inputs[draw(NAMES)].dtype = draw(st.integers(0, 9))
        case 6:
            del request.inputs[draw(st.sampled_from(sorted(request.inputs)))]


@st.composite
def messages(draw):
    """Serialized PredictRequests."""
    signature, inputs = draw(requests(ANY_FLOATS, ANY_FILES))
    request = predict_request(signature=signature, **inputs)
    for name in sorted(inputs):
        if draw(st.booleans()):  # as typed values and not as content
            values = request.inputs[name]
            array = tf.make_ndarray(values)
            if values.tensor_content and array.dtype == "float32":
                values.ClearField("tensor_content")
                values.float_val.extend(array.ravel())
    for _ in range(draw(st.integers(0, 3))):
        if request.inputs and draw(st.booleans()):
            name = draw(st.sampled_from(sorted(request.inputs)))
            draw(harm_tensor(request.inputs[name]))
        elif request.inputs:
            draw(harm_request(request))
    content = request.SerializeToString(deterministic=True)
    return draw(garbled(content)) if draw(st.integers(0, 5)) == 0 else content


# What may stand where a text file has a value.
_WORDS = st.sampled_from(
    ["1", "-1", "1e5", "inf", "true", "any", "9" * 19, "0x10", "'a'", "'\\377'"]
    + [
        '"\\ud800"',
        "'\\0'",
        "'\\n'",
        "''",
        "[1, 2]",
        "[]",
        "{}",
        "<>",
        "'a''b'",
    ]
    + ["[a.b/c]{}", "#", ";", ",", "'\\x'", '"', "\u00e9", "\ufeff", "'gs://b'"]
) | st.text(max_size=4)
_NUMBERS = st.sampled_from(["1", "2", "32", "64", "0", "-1", "2147483648"])


@st.composite
def texts(draw, message, strings, depth=0):
    """Nearly the text form of a message, by its descriptor."""
    pieces = []
    count = draw(st.integers(0, 4)) if message.fields else 0
    for _ in range(count):
        field = draw(st.sampled_from(list(message.fields)))
        if draw(st.integers(0, 15)) == 0:
            value = draw(_WORDS)
        elif field.message_type is not None:
            inner = texts(field.message_type, strings, depth + 1)
            value = "{" + (draw(inner) if depth < 6 else "") + "}"
        elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            value = draw(strings)
        elif field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            value = draw(st.sampled_from(["true", "false"]))
        else:
            value = draw(_NUMBERS)
        pieces.append(f"{field.name}: {value}")
    return draw(st.sampled_from([" ", "\n", ", ", ";"])).join(pieces)


def files(message, strings):
    """Bytes of a text file of a message, good or not.

    Args:
      message: its class.
      strings: what may stand in its strings, in quotes.
    """
    good = texts(message.DESCRIPTOR, strings).map(str.encode)
    return good | good.flatmap(garbled) | st.binary(max_size=30)
