"""The reader of bodies against a slow one that follows the grammar."""

import json
import math
import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.json_text import read_object
from tfdisent.serving.status import Code, ServingError

LIMITS = Limits(elements=1000, json_depth=8)
TOKEN = re.compile(
    r'[ \t\n\r]*([{}\[\]:,]|"(?:[^"\\\x00-\x1f]|\\.)*"|'
    r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.])|"
    r"-?(?:Infinity|Inf)\b|NaN\b|true\b|false\b|null\b)"
)
WORDS = {"true": True, "false": False, "null": None}


class Reference:
    """Reads one value, token by token; ValueError if there is none."""

    def __init__(self, text):
        self.text, self.at = text, 0

    def token(self):
        match = TOKEN.match(self.text, self.at)
        if not match:
            raise ValueError(self.at)
        self.at = match.end()
        return match[1]

    def value(self, token=None):
        token = token or self.token()
        if token == "{":
            pairs = self.items("}", self.pair)
            return {key: value for key, value in reversed(pairs)}
        if token == "[":
            return self.items("]", self.value)
        if token[0] == '"':
            return json.loads(token)
        if token in WORDS:
            return WORDS[token]
        if token in ("]", "}", ":", ","):
            raise ValueError(token)
        if re.fullmatch("-?[0-9]+", token) and len(token) <= 20:
            return int(token)
        return float(token)

    def pair(self, token):
        key = json.loads(token) if token[0] == '"' else None
        if key is None or self.token() != ":":
            raise ValueError(token)
        return key, self.value()

    def items(self, end, read):
        items = []
        token = self.token()
        if token == end:
            return items
        while True:
            items.append(read(token))
            match self.token():
                case ",":
                    token = self.token()
                case other if other == end:
                    return items
                case other:
                    raise ValueError(other)


def listed(value):
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def unread(body, limits=LIMITS):
    """Text of the error."""
    with pytest.raises(ServingError) as info:
        read_object(body, limits)
    assert info.value.code == Code.INVALID_ARGUMENT
    return info.value.message


def written(value):
    """Type and text, so that 1, 1.0 and True differ and NaN is itself."""
    return repr(value)


NUMBERS = st.sampled_from(
    ["0", "-1", "1.5", "-0.0", "1e3", "NaN", "-Inf", "Infinity", "1e400"]
) | st.integers(-(2**66), 2**66).map(str)
LEAVES = NUMBERS | st.sampled_from(
    ["null", "true", "false", '"a"', '"[{,:"', '"\\""', '"\\u00e9Inf"', "[]"]
)


def joined(opening, closing):
    return lambda items: opening + ",".join(items) + closing


def members(values):
    keys = st.sampled_from(['"a"', '"instances"', '"inputs"', '"a\\u0062"'])
    pairs = st.tuples(keys, values).map(" : ".join)
    return st.lists(pairs, max_size=4).map(joined("{", "}"))


VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4).map(joined("[", "]")) | members(inner)
    ),
    max_leaves=12,
)
ARRAYS = st.lists(
    st.lists(NUMBERS, min_size=2, max_size=2).map(joined("[", "]")),
    min_size=1,
    max_size=4,
).map(joined("[", "]"))


@st.composite
def bodies(draw):
    """Bodies as clients send them, some broken at one place."""
    name = '"signature_name":"encode"'
    pair = f'"{draw(st.sampled_from(["instances", "inputs"]))}":'
    pair += draw(ARRAYS | VALUES)
    order = draw(st.permutations([name, pair])) if draw(st.booleans()) else None
    text = (
        "{"
        + ",".join(order or [pair])
        + "}"
        + draw(st.sampled_from(["", " ", "x"]))
    )
    if draw(st.integers(0, 3)) == 0:
        i = draw(st.integers(0, len(text)))
        text = text[:i] + draw(st.sampled_from(list('",:[]{} 1-e'))) + text[i:]
    return text


@given(members(VALUES) | bodies())
def test_reads_as_the_grammar_says(text):
    try:
        reference = Reference(text)
        expected = reference.value()
    except ValueError:
        assert unread(text.encode())
        return
    if type(expected) is not dict:
        assert "Is not object" in unread(text.encode())
        return
    found = listed(read_object(text.encode(), LIMITS))
    if written(found) != written(expected):
        # An array of floats has no integers in it; and order is of no matter.
        assert normal(found) == normal(expected)


def normal(value):
    match value:
        case dict():
            return {key: normal(item) for key, item in value.items()}
        case list():
            items = [normal(item) for item in value]
            return items
        case bool() | None | str():
            return repr(value)
        case _ if math.isnan(value):
            return "NaN"
        case _:
            return float(value)


def test_a_simple_body_becomes_an_array():
    for text in (
        b'{"instances":[[1, 2.5], [3, 4]]}',
        b' {\n"signature_name" : "a-b.c" , "instances" : [[1,2.5],[3,4]] }\n',
        b'{"instances":[[1,2.5],[3,4]],"signature_name":"a-b.c"}',
    ):
        content = read_object(text, LIMITS)
        assert isinstance(content["instances"], np.ndarray)
        assert content.get("signature_name", "a-b.c") == "a-b.c"
        assert content["instances"].tolist() == [[1, 2.5], [3, 4]]


def test_integers_stay_integers():
    assert read_object(b'{"inputs":[1,2]}', LIMITS)["inputs"].dtype == np.int64
    assert read_object(b'{"inputs":[1,2.0]}', LIMITS)["inputs"].dtype == float


def test_the_first_of_equal_keys_counts():
    text = b'{"a":1,"a":2,"b":{"c":[3],"c":4},"a":5}'
    assert read_object(text, LIMITS) == {"a": 1, "b": {"c": [3]}}
    text = b'{"signature_name":"a","inputs":[1],"signature_name":"b"}'
    assert read_object(text, LIMITS)["signature_name"] == "a"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "The document is empty"),
        (b" \n", "The document is empty"),
        (b'{"a":1', "at offset: 6"),
        (b'{"a":\xff}', "No UTF-8 at offset: 5"),
        (b"\xef\xbb\xbf{}", "at offset: 0"),
        ('{"a":1}'.encode("utf-16"), "No UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), "at offset: 1"),
        (b'{"a":"\x01"}', "control character"),
        (b'{"a":+1}', "at offset: 5"),
        (b'{"a":nan}', "at offset: 5"),
        (b'{"a":Infx}', "at offset: 5"),
    ],
)
def test_tells_where_a_body_breaks(body, error):
    message = unread(body)
    assert message.startswith("JSON Parse error: ")
    assert error in message


@pytest.mark.parametrize("body", [b"[1]", b"1", b"null", b'"a"', b"NaN"])
def test_the_top_must_be_an_object(body):
    assert unread(body).endswith("Is not object")


def test_text_after_the_object_is_ignored_unless_strict():
    for tail in (b"x", b"{", b'"', b"]"):
        assert read_object(b'{"a":[1]}' + tail, LIMITS) == {"a": [1]}
        text = b'{"instances":[1]}' + tail
        assert read_object(text, LIMITS) == {"instances": [1]}
        strict = LIMITS._replace(is_strict=True)
        assert "Text after the document" in unread(text, strict)
        assert read_object(b'{"a":[1]} \n', strict) == {"a": [1]}


@pytest.mark.parametrize("key", ["instances", "other"])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth_is_limited(key, opening):
    closing = "]" if opening == "[" else "}"

    def text(levels):
        inner = opening * (levels - 1) + "1" + closing * (levels - 1)
        return f'{{"{key}":{inner}}}'.encode()

    assert read_object(text(8), LIMITS)
    assert "8 levels" in unread(text(9))
    for levels in (1000, 250_000):
        start = time.perf_counter()
        for body in (text(levels), opening.encode() * levels):
            assert re.search("8 levels|strings and keys", unread(body))
        assert time.perf_counter() - start < 1


def test_brackets_in_strings_do_not_count():
    text = json.dumps({"a": "[" * 100 + '"\\', "b": "{,:" * 1000}).encode()
    assert read_object(text, LIMITS)["a"] == "[" * 100 + '"\\'


def test_strings_are_counted_before_they_are_read():
    limits = LIMITS._replace(rows=2)
    assert len(read_object(b'{"a":[%b]}' % _texts(31), limits)["a"]) == 31
    assert "strings and keys" in unread(b'{"a":[%b]}' % _texts(32), limits)


def _texts(count):
    return b",".join([b'"\\\\\\"x"'] * count)


def test_no_deeper_than_python_can():
    body = b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    assert unread(body, LIMITS._replace(json_depth=10**6))


@pytest.mark.parametrize("item", [b"[],", b"{},", b"[0],", b"0,"])
def test_fewer_values_are_read_where_they_are_no_array(item):
    def body(values):
        items = item * (values // (1 + item.count(b"[") + item.count(b"{")))
        return b'{"other":0,"instances":[%b0]}' % items

    assert read_object(body(2**20 - 4), Limits())
    start = time.perf_counter()
    for factor in (2, 10):
        assert "one regular list" in unread(body(factor * 2**20), Limits())
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("filling", [b" ", b"9"])
def test_so_are_characters_outside_of_strings(filling):
    def body(size):
        filled = b'{"instances":[0,%b"a"]}' % (
            filling * size + b"," * (filling == b"9")
        )
        return filled

    assert "one regular list" in unread(body(2**24), Limits())
    assert read_object(b'{"a":"%b"}' % (b" " * 2**24), Limits())


@pytest.mark.parametrize("items", ["1", "1.5", '"a"', "[]"])
def test_values_are_counted_before_they_are_read(items):
    body = b'{"instances":[%b]}' % b",".join([items.encode()] * 1100)
    assert "1000 values" in unread(body)


@pytest.mark.parametrize(
    "body",
    [
        b"{%b}" % b",".join(b'"%d":0' % i for i in range(10**6)),
        b'{"a":"' + b'\\"' * 10**6,
        b'"' * 10**6,
        b'{"a":' + b'"b",' * 10**6,
        b'{"instances":[' + b"-" * 10**6 + b"]}",
        b'{"instances":[' + b"9" * 10**6 + b"]}",
        b'{"signature_name' + b" " * 10**6,
        b'{"a":Inf,' + b" " * 10**7 + b'"b":0}',
        b'{"a":[Inf,' + b"Infinity," * 10**5 + b"0]}",
    ],
    ids=lambda body: body[:16],
)
def test_hostile_text_takes_no_more_time_than_its_length(body):
    start = time.perf_counter()
    try:
        read_object(body, Limits())
    except ServingError as error:
        assert error.code == Code.INVALID_ARGUMENT
    assert time.perf_counter() - start < 2
