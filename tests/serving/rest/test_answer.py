"""Outputs as text: exact, and in the two forms."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from tfdisent.serving.rest import answer as rest_answer
from tfdisent.serving.rest.answer import write_answer
from tfdisent.serving.status import Code, ServingError

DTYPES = st.sampled_from(
    [
        "float32",
        "float64",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
    ]
)
SHAPES = st_np.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def refused(outputs, is_row):
    with pytest.raises(ServingError) as info:
        write_answer(outputs, is_row)
    assert info.value.code == Code.INVALID_ARGUMENT
    return info.value.message


def column(array, name="x"):
    """The text of one output."""
    text = write_answer({name: array}, is_row=False)
    return re.fullmatch(rb'\{"outputs":(.*)\}', text, re.DOTALL)[1]


@given(st_np.arrays(DTYPES, SHAPES))
def test_reads_back_to_the_same_bits(array):
    with np.errstate(over="raise"):
        read = np.array(json.loads(column(array)), array.dtype)
    expected = array.astype(array.dtype)
    if array.dtype.kind == "f":  # a NaN may carry a payload
        expected[np.isnan(array)] = np.nan
        read[np.isnan(read)] = np.nan
    if array.size:
        assert read.tobytes() == expected.tobytes()
        assert read.shape == array.shape


@given(st_np.arrays(st.sampled_from(["float32", "float64"]), 20))
def test_is_the_shortest_text_and_never_an_integer(array):
    texts = column(array).decode()[1:-1].split(",")
    for text, value in zip(texts, array, strict=True):
        if not np.isfinite(value):
            assert (
                text
                == {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[
                    str(value).lower()
                ]
            )
            continue
        assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?", text)
        assert "." in text or "e" in text
        digits = re.sub(r"e.*|[-.]", "", text).strip("0")
        shortest = np.format_float_scientific(value, unique=True, trim="-")
        assert len(digits) == len(re.sub(r"e.*|[-.]", "", shortest).strip("0"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float32(0.1), b"0.1"),
        (np.float64(0.1), b"0.1"),
        (np.float32(1), b"1.0"),
        (np.float32(-0.0), b"-0.0"),
        (np.float32(1e-45), b"1e-45"),
        (np.float32(16777216), b"16777216.0"),
        (np.float32(np.nan), b"NaN"),
        (np.float64(np.inf), b"Infinity"),
        (np.float64(-np.inf), b"-Infinity"),
        (np.uint32(0x7FC01234).view(np.float32), b"NaN"),
        (np.int64(2**63 - 1), b"9223372036854775807"),
        (np.bool_(True), b"true"),
    ],
)
def test_scalars(value, text):
    assert column(np.array(value)) == text
    assert column(np.array([value])) == b"[%b]" % text


@pytest.mark.parametrize("piece", [1, 2, 5, 1000])
def test_pieces_make_no_difference(monkeypatch, piece):
    array = np.arange(24.0).reshape(2, 3, 4)
    array[0, 1, 2], array[1, 2, 3] = np.nan, -np.inf
    expected = column(array)
    monkeypatch.setattr(rest_answer, "_PIECE", piece)
    assert column(array) == expected


def test_arrays_that_are_not_contiguous():
    array = np.arange(12, dtype=np.float32).reshape(3, 4).T
    assert json.loads(column(array)) == array.tolist()
    rows = write_answer({"x": array}, is_row=True)
    assert json.loads(rows) == {"predictions": array.tolist()}


A = np.array([[1.5, 2.0], [np.nan, 4.0]], np.float32)
B = np.array([7, 8])


@pytest.mark.parametrize(
    ("outputs", "is_row", "text"),
    [
        ({"a": A}, False, b'{"outputs":[[1.5,2.0],[NaN,4.0]]}'),
        ({"a": A}, True, b'{"predictions":[[1.5,2.0],[NaN,4.0]]}'),
        (
            {"a": A, "b": B},
            False,
            b'{"outputs":{"a":[[1.5,2.0],[NaN,4.0]],"b":[7,8]}}',
        ),
        (
            {"a": A, "b": B},
            True,
            b'{"predictions":[{"a":[1.5,2.0],"b":7},{"a":[NaN,4.0],"b":8}]}',
        ),
        ({"b": B}, True, b'{"predictions":[7,8]}'),
        ({"b": B[:0]}, True, b'{"predictions":[]}'),
        ({"b": B[0]}, False, b'{"outputs":7}'),
        ({"b": B[0], "a": A[:0]}, False, b'{"outputs":{"b":7,"a":[]}}'),
        ({'"': B, "\n": B}, False, rb'{"outputs":{"\"":[7,8],"\n":[7,8]}}'),
    ],
)
def test_forms(outputs, is_row, text):
    assert write_answer(outputs, is_row) == text


def strings(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def test_strings():
    array = strings("null é\n".encode(), b"")
    assert json.loads(column(array)) == ["null é\n", ""]
    assert json.loads(column(array.reshape(2, 1))) == [["null é\n"], [""]]
    assert json.loads(column(array[0:1].reshape(()))) == "null é\n"
    assert column(array[:0]) == b"[]"


def test_bytes_by_their_name():
    array = strings(b"\xff", b"A")
    assert column(array, "x_bytes") == b'[{"b64":"/w=="},{"b64":"QQ=="}]'
    rows = write_answer({"x_bytes": array}, is_row=True)
    assert rows == b'{"predictions":[{"b64":"/w=="},{"b64":"QQ=="}]}'
    assert "no text" in refused({"x": array}, False)


def test_rows_need_equal_batches():
    message = refused({"a": A, "b": B[0]}, True)
    assert message == "Tensor name: b has no shape information"
    message = refused({"a": A, "b": B[:1]}, True)
    assert (
        message == "Tensor name: b has inconsistent batch size: 1 expecting: 2"
    )


@pytest.mark.parametrize("dtype", ["float16", "complex64"])
def test_other_types_cannot_be_written(dtype):
    message = refused({"a": np.zeros(2, dtype)}, True)
    assert message.startswith("Failed to write JSON value for tensor type:")
