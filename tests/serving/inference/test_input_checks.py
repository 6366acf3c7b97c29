import numpy as np
import pytest

from tfdisent.serving.inference.input_checks import check_request, empty_answer
from tfdisent.serving.inference.signature import Signature, Tensor
from tfdisent.serving.limits import Limits
from tfdisent.serving.status import Code, ServingError

PREDICT = "tensorflow/serving/predict"
ENCODE = Signature(
    PREDICT,
    {"images": Tensor("encode_images:0", np.dtype("float32"), (-1, 64, 64, 1))},
    {
        "mean": Tensor("Call:0", np.dtype("float32"), (-1, 10)),
        "stddev": Tensor("Call:1", np.dtype("float32"), (-1, 10)),
    },
    {},
    True,
)
TRAVERSE = Signature(
    PREDICT,
    {
        "codes": Tensor("c:0", np.dtype("float32"), (-1, 10)),
        "latent": Tensor("l:0", np.dtype("int64"), (-1,)),
        "values": Tensor("v:0", np.dtype("float32"), (-1, -1)),
    },
    {"images": Tensor("Call:2", np.dtype("float32"), (-1, -1, 64, 64, 1))},
    {},
    True,
)
TEXTS = Signature(
    PREDICT,
    {"text": Tensor("t:0", np.dtype("object"), (-1,))},
    {"length": Tensor("n:0", np.dtype("int32"), None)},
    {},
    False,
)


def images(rows=1, shape=(64, 64, 1), dtype=np.float32):
    return {"images": np.zeros((rows, *shape), dtype)}


def traversal(rows=2, num_values=3):
    return {
        "values": np.zeros((rows, num_values), np.float32),
        "codes": np.zeros((rows, 10), np.float32),
        "latent": np.zeros(rows, np.int64),
    }


def refusal(signature, inputs, output_filter=(), **limits):
    with pytest.raises(ServingError) as refused:
        check_request(signature, inputs, output_filter, Limits(**limits))
    return refused.value.code, refused.value.message


def test_a_good_request_is_put_in_order():
    request = check_request(TRAVERSE, traversal(), (), Limits())
    assert [*request.inputs] == ["codes", "latent", "values"]
    assert request.outputs == ("images",)
    assert (request.rows, request.row_size) == (2, 3)


def test_outputs_are_chosen():
    assert check_request(ENCODE, images(), (), Limits()).outputs == (
        "mean",
        "stddev",
    )
    some = check_request(ENCODE, images(), ["stddev"], Limits())
    assert some.outputs == ("stddev",)


@pytest.mark.parametrize(
    ("output_filter", "message"),
    [
        (["std"], "output tensor alias not found in signature: std "),
        (["mean", "mean"], "duplicate output tensor alias: mean"),
    ],
)
def test_wrong_outputs_are_refused(output_filter, message):
    code, text = refusal(ENCODE, images(), output_filter)
    assert code is Code.INVALID_ARGUMENT
    assert text.startswith(message)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["codes", "extra"],
            "input size does not match signature: 2!=3 len({codes,extra}) !="
            " len({codes,latent,values}). Sent extra: {extra}. Missing but"
            " required: {latent,values}.",
        ),
        (
            [],
            "input size does not match signature: 0!=3 len({}) !="
            " len({codes,latent,values}). Sent extra: {}. Missing but"
            " required: {codes,latent,values}.",
        ),
        (
            ["codes", "Latent", "values"],
            "Signature input alias: latent(feed name: l:0) not found in"
            " request and no default value provided. Inputs expected to be in"
            " the set {codes,latent,values}.",
        ),
    ],
)
def test_wrong_names_are_told_as_tensorflow_serving_does(names, message):
    inputs = {name: np.zeros(1, np.float32) for name in names}
    assert refusal(TRAVERSE, inputs) == (Code.INVALID_ARGUMENT, message)


def test_an_input_with_a_default_may_be_left_out():
    one = np.ones((1, 64, 64, 1), np.float32)
    signature = ENCODE._replace(defaults={"images": one}, is_batched=False)
    request = check_request(signature, {}, (), Limits())
    np.testing.assert_array_equal(request.inputs["images"], one)
    code, text = refusal(signature, {"extra": one})
    assert code is Code.INVALID_ARGUMENT
    assert text == "Inputs contains invalid name. Sent extra: {extra}."


@pytest.mark.parametrize(
    ("dtype", "shown"),
    [
        (np.int32, "int32"),
        (np.float64, "double"),
        (np.float16, "float16"),
        (object, "string"),
        (bool, "bool"),
    ],
)
def test_wrong_dtypes_are_refused(dtype, shown):
    code, text = refusal(ENCODE, images(dtype=dtype))
    assert code is Code.INVALID_ARGUMENT
    assert text.startswith(
        f"Expects arg[0] to be float but {shown} is provided"
    )


def test_the_wrong_argument_is_counted_by_name():
    inputs = traversal() | {"latent": np.zeros(2, np.int32)}
    code, text = refusal(TRAVERSE, inputs)
    assert text.startswith("Expects arg[1] to be int64 but int32 is provided")


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ((63, 64, 1), "[2,63,64,1]"),
        ((64, 64, 3), "[2,64,64,3]"),
        ((64, 64), "[2,64,64]"),
        ((4096,), "[2,4096]"),
        ((1, 64, 64, 1), "[2,1,64,64,1]"),
    ],
)
def test_wrong_shapes_are_told_the_right_one(shape, shown):
    code, text = refusal(ENCODE, images(2, shape))
    assert code is Code.INVALID_ARGUMENT
    assert f"{shown} is not compatible" in text
    assert text.endswith("with expected shape [?,64,64,1].")


def test_a_scalar_is_no_batch():
    code, text = refusal(ENCODE, {"images": np.float32(1)})
    assert code is Code.INVALID_ARGUMENT
    assert "tensor images [] is not compatible" in text


def test_all_inputs_need_the_same_rows():
    inputs = traversal(2) | {"latent": np.zeros(3, np.int64)}
    assert refusal(TRAVERSE, inputs) == (
        Code.INVALID_ARGUMENT,
        "All inputs must have the same number of rows, the size of their first"
        " axis, not {codes: 2,latent: 3,values: 2}.",
    )


def test_rows_are_bounded():
    assert check_request(ENCODE, images(5), (), Limits(rows=5)).rows == 5
    assert refusal(ENCODE, images(6), rows=5) == (
        Code.INVALID_ARGUMENT,
        "Task size 6 is larger than maximum input batch size 5",
    )


def test_a_small_request_for_a_huge_answer_is_refused():
    inputs = traversal(17, 256)
    code, text = refusal(TRAVERSE, inputs, elements=16 * 256 * 64 * 64)
    assert code is Code.INVALID_ARGUMENT
    assert "17825792 elements" in text
    limits = Limits(elements=17 * 256 * 64 * 64)
    assert check_request(TRAVERSE, inputs, (), limits).rows == 17


def test_a_request_is_no_more_work_than_may_wait():
    limits = Limits(waiting_rows=4 * 256)
    assert check_request(TRAVERSE, traversal(4, 256), (), limits).rows == 4
    code, text = refusal(TRAVERSE, traversal(5, 256), waiting_rows=4 * 256)
    assert code is Code.INVALID_ARGUMENT
    assert "as much work as 1280 rows, more than the 1024" in text


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_only_strictness_refuses_what_is_not_finite(value):
    inputs = images(2)
    inputs["images"][1, 3, 3, 0] = value
    assert check_request(ENCODE, inputs, (), Limits()).rows == 2
    code, text = refusal(ENCODE, inputs, is_strict=True)
    assert code is Code.INVALID_ARGUMENT
    assert text == "images holds NaN or infinities."


def test_strings_are_bytes():
    good = {"text": np.array([b"a", b""], object)}
    assert check_request(TEXTS, good, (), Limits(is_strict=True)).rows is None
    code, text = refusal(TEXTS, {"text": np.array([b"a", "b"], object)})
    assert (code, text) == (Code.INVALID_ARGUMENT, "text must hold bytes.")


def test_what_has_no_batch_may_have_any_shape():
    signature = TEXTS._replace(
        inputs={"text": Tensor("t:0", np.dtype("object"), None)}
    )
    inputs = {"text": np.array(b"a", object)}
    assert check_request(signature, inputs, (), Limits(rows=1)).rows is None


def test_unknown_data_types_are_unimplemented():
    half = Tensor("h:0", None, (-1, 2))
    by_input = ENCODE._replace(inputs={"images": half})
    code, text = refusal(by_input, images(dtype=np.float16))
    assert code is Code.UNIMPLEMENTED
    assert "images has a data type" in text
    by_output = ENCODE._replace(outputs=ENCODE.outputs | {"half": half})
    assert refusal(by_output, images())[0] is Code.UNIMPLEMENTED
    assert check_request(by_output, images(), ["mean"], Limits()).rows == 1


def test_only_signatures_to_predict_are_served():
    code, text = refusal(ENCODE._replace(method_name=""), images())
    assert code is Code.INVALID_ARGUMENT
    assert text.startswith("Expected prediction signature method_name")


@pytest.mark.parametrize("num_values", [0, 1, 7])
def test_the_answer_to_no_rows_has_the_right_shape(num_values):
    request = check_request(TRAVERSE, traversal(0, num_values), (), Limits())
    assert request.rows == 0
    answer = empty_answer(TRAVERSE, request)
    assert answer["images"].shape == (0, num_values, 64, 64, 1)
    assert answer["images"].dtype == np.float32
