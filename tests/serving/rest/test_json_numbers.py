"""The fast reader of numbers against the plain one."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from tfdisent.serving.rest import json_numbers
from tfdisent.serving.rest.json_numbers import read_numbers

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(["-0", "-0.0", "1e5", "1E+5", "5e-324", "1e400", "0.10"]),
)
# Of the signs that numbers and lists are made of, in any order.
SIGNS = st.text("[[]],,0123456789.eE+- ", max_size=14)


def plain(text):
    """What Python's own reader makes of it: an array, or None."""
    try:
        value = json.loads(text)
        is_float = any(sign in text for sign in ".eE")
        return np.array(value, float if is_float else np.int64)
    except (ValueError, OverflowError):
        return None


def same(array, other):
    return (
        array.dtype == other.dtype
        and array.shape == other.shape
        and array.tobytes() == other.tobytes()
    )


@given(
    st_np.array_shapes(max_dims=4, max_side=4).flatmap(
        lambda shape: st_np.arrays(object, shape, elements=NUMBERS)
    ),
    st.sampled_from([",", ", ", " ,\n\t", "\r\n,"]),
    st.sampled_from([None, 0, 2]),
)
def test_reads_what_the_plain_reader_reads(texts, comma, indent):
    text = json.dumps(texts.tolist(), separators=(comma, ":"), indent=indent)
    text = text.replace('"', "")
    array, expected = read_numbers(text.encode(), 10**6), plain(text)
    if array is not None:
        assert same(array, expected)
    else:  # integers beyond int64, or floats beyond float64
        assert any(abs(float(x)) >= 2**63 for x in texts.flat)


@given(SIGNS | SIGNS.map(lambda text: f"[{text}]"))
def test_takes_nothing_that_is_no_list_of_numbers(text):
    array = read_numbers(text.encode(), 100)
    if array is not None:
        assert same(array, plain(text))


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "[[],[]]", "[1", "1]", "[1]]", "[[1]", "1", "", "[", "]"),
        *("[1,]", "[,1]", "[1,,2]", "[1 2]", "[1[2]]", "[[1]2]", "[[1][2]]"),
        *("[[1,2],[3]]", "[[1],2]", "[1,[2]]", "[[1,2],3[,4]]", "[[1],[]]"),
        *("[01]", "[.5]", "[1.]", "[+1]", "[1e]", "[--1]", "[1-1]", "[-]"),
        *('["1"]', "[null]", "[true]", "[NaN]", "[{}]", "[1]x", "[1]\f"),
        *("[9223372036854775808]", "[1,9223372036854775808]", "[1e400]"),
        *("[1 2,3]", "[1,2\n3]", "[- 1]", "[1. 5]", "[1 e5]", "1 2", " "),
        "[" * 33 + "1" + "]" * 33,
    ],
)
def test_leaves_all_else_to_the_complete_reader(text):
    assert read_numbers(text.encode(), 100) is None


@pytest.mark.parametrize("piece_bytes", [1, 7, 100])
def test_pieces_make_no_difference(monkeypatch, piece_bytes):
    monkeypatch.setattr(json_numbers, "_PIECE_BYTES", piece_bytes)
    array = np.random.default_rng(0).normal(size=(5, 4, 3))
    text = json.dumps(array.tolist()).encode()
    np.testing.assert_array_equal(read_numbers(text, 60), array)
    integers = np.arange(60).reshape(5, 12)
    text = json.dumps(integers.tolist()).encode()
    assert same(read_numbers(text, 60), integers)
    assert read_numbers(b"[1.5,,2.5]", 60) is None
    assert read_numbers(b"[1.5,2.5,]", 60) is None


def test_counts_before_it_reads():
    assert read_numbers(b"[[1,2],[3,4]]", 4) is not None
    assert read_numbers(b"[[1,2],[3,4]]", 3) is None


def test_brackets_alone_take_no_time():
    depth = 250_000
    assert read_numbers(b"[" * depth, 10**6) is None
    assert read_numbers(b"[" * depth + b"1" + b"]" * depth, 10**6) is None
