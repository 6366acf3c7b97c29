"""Values of JSON against the table of dtypes."""

import base64

import numpy as np
import pytest

from tfdisent.export.tensors import DTYPES
from tfdisent.serving.rest.json_tensors import is_b64, to_array
from tfdisent.serving.status import Code, ServingError

NUMBERS = {str(dtype): number for number, dtype in DTYPES.items()}
INTEGERS = [name for name in NUMBERS if "int" in name]


def read(value, dtype):
    array = to_array(value, NUMBERS[dtype])
    assert array.dtype == dtype
    return array


def refused(value, dtype):
    """Text of the error."""
    with pytest.raises(ServingError) as info:
        to_array(value, NUMBERS[dtype])
    assert info.value.code == Code.INVALID_ARGUMENT
    return info.value.message


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_are_any_numbers(dtype):
    values = [1, 1.5, -0.0, 1e400, float("-inf"), float("nan"), 2**64 - 1]
    for given in (values, np.array(values)):
        expected = np.array(values, np.float64).astype(dtype)
        np.testing.assert_array_equal(read(given, dtype), expected)
        assert np.signbit(read(given, dtype)[2])
    assert read(2, dtype).shape == ()
    assert read(np.array([[1, 2]]), dtype).tolist() == [[1.0, 2.0]]


def test_floats_beyond_their_range_are_infinite_or_zero():
    with np.errstate(all="raise"):
        found = read([1e39, -1e39, 1e-60], "float32").tolist()
        assert found == [np.inf, -np.inf, 0]
        assert read(np.array([1e39]), "float32").tolist() == [np.inf]


def test_integers_are_rounded_to_float32_by_way_of_float64():
    number = 2**60 + 2**36 + 1  # above the middle, but not for float64
    expected = np.float32(np.float64(number))
    assert expected != np.float32(np.int64(number))
    assert read([number], "float32")[0] == expected
    assert read(np.array([number]), "float32")[0] == expected


@pytest.mark.parametrize("value", ["1", None, True, False, {}, {"b64": "QQ=="}])
@pytest.mark.parametrize("dtype", ["float32", "float64", *INTEGERS])
def test_numbers_are_no_strings_bools_or_nulls(value, dtype):
    for given in (value, [1, value], [[1], [value]]):
        assert f"is not of expected type: {shown(dtype)}" in refused(
            given, dtype
        )


def shown(dtype):
    return {"float32": "float", "float64": "double"}.get(dtype, dtype)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_must_fit(dtype):
    bounds = np.iinfo(dtype)
    values = [bounds.min, 0, bounds.max]
    assert read(values, dtype).tolist() == values
    for value in (bounds.min - 1, bounds.max + 1):
        message = refused([0, value], dtype)
        assert message == (
            f"JSON Value: {value} Type: Number is not of expected type: {dtype}"
        )
        if -(2**63) <= value < 2**63:
            assert refused(np.array([0, value]), dtype) == message
    assert read([], dtype).shape == (0,)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("value", [1.0, 1e2, float("nan")])
def test_integers_are_written_as_such(dtype, value):
    assert "is not of expected type" in refused([1, value], dtype)
    assert "is not of expected type" in refused(np.array([1, value]), dtype)


def test_bools_are_true_or_false():
    assert read([True, False], "bool").tolist() == [True, False]
    for value in (0, 1, "true", None, 1.0):
        assert "is not of expected type: bool" in refused([value], "bool")
    assert "is not of expected type: bool" in refused(np.array([1]), "bool")


def test_strings_become_bytes():
    values = [["a", "é\0"], ["", {"b64": base64.b64encode(b"\xff\0").decode()}]]
    array = read(values, "object")
    assert array.tolist() == [[b"a", "é\0".encode()], [b"", b"\xff\0"]]
    assert read("a", "object").item() == b"a"
    for value in (1, None, True, 1.5):
        assert "is not of expected type: string" in refused(value, "object")
    assert "of expected type: string" in refused(np.array([1]), "object")
    assert "of expected type: string" in refused("\ud800", "object")


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("", b""),
        ("QQ==", b"A"),
        ("QQ", b"A"),
        ("Q U\nI=", b"AB"),
        ("/+8", b"\xff\xef"),
    ],
)
def test_base64_is_decoded(text, content):
    assert read({"b64": text}, "object").item() == content


@pytest.mark.parametrize(
    "text", ["Q", "QQ=", "QUI==", "=", "Q_8=", "Qé==", "Q=Q="]
)
def test_broken_base64_is_refused(text):
    assert refused([{"b64": text}], "object") == "Unable to base64 decode"


@pytest.mark.parametrize(
    "value", [{}, {"b64": 1}, {"b64": "QQ==", "a": 1}, {"B64": "QQ=="}]
)
def test_other_objects_are_no_bytes(value):
    assert not is_b64(value)
    assert "not formatted correctly for base64" in refused(value, "object")


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (1, ()),
        ([], (0,)),
        ([[], []], (2, 0)),
        ([[[1]], [[2]]], (2, 1, 1)),
        (np.zeros((2, 3)), (2, 3)),
    ],
)
def test_shapes_are_those_of_the_lists(value, shape):
    assert read(value, "float32").shape == shape


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([[1, 2], [3]], "unexpected size: 1 at level: 1 expected size: 2"),
        ([[], [1]], "unexpected size: 1 at level: 1 expected size: 0"),
        ([1, [2]], "unexpected level: 1"),
        ([[1], 2], "unexpected level: 1"),
        ([[[1]], [[[2]]]], "unexpected level: 3"),
    ],
)
def test_ragged_lists_are_refused(value, text):
    assert text in refused(value, "float32")


@pytest.mark.parametrize(
    ("number", "name"),
    [(19, "half"), (14, "bfloat16"), (8, "complex64"), (99, "99")],
)
def test_other_types_are_not_implemented(number, name):
    with pytest.raises(ServingError) as info:
        to_array([1.0], number)
    assert info.value.code == Code.UNIMPLEMENTED
    assert info.value.message.endswith(f"to type: {name}")


def test_errors_show_little_of_a_value():
    assert len(refused("x" * 10**6, "float32")) < 150
    assert len(refused([["x" * 10**6]], "float32")) < 150
