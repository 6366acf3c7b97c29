"""Rows and columns become the arrays of a signature."""

import json

import numpy as np
import pytest

from tfdisent.export.messages import SignatureDef
from tfdisent.serving.limits import Limits
from tfdisent.serving.rest.request import read_request
from tfdisent.serving.status import Code, ServingError

LIMITS = Limits(elements=100)
STRICT = LIMITS._replace(is_strict=True)
DTYPES = {"float": 1, "string": 7, "int64": 9, "half": 19}


def signature(**inputs):
    made = SignatureDef()
    for name, dtype in inputs.items():
        made.inputs[name].dtype = DTYPES[dtype]
    return made


ONE = signature(x="float")
TWO = signature(x="float", n="int64")
BYTES = signature(image_bytes="string")


def read(body, definition, limits=LIMITS):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    inputs = read_request(text, limits).inputs(definition)
    return {name: array.tolist() for name, array in inputs.items()}


def refused(body, definition, limits=LIMITS, code=Code.INVALID_ARGUMENT):
    with pytest.raises(ServingError) as info:
        read(body, definition, limits)
    assert info.value.code == code
    return info.value.message


@pytest.mark.parametrize(
    ("body", "inputs"),
    [
        ({"instances": [1, 2]}, {"x": [1.0, 2.0]}),
        ({"instances": [[1], [2]]}, {"x": [[1.0], [2.0]]}),
        ({"instances": [{"x": [1]}, {"x": [2]}]}, {"x": [[1.0], [2.0]]}),
        ({"instances": [[], []]}, {"x": [[], []]}),
        ({"inputs": [[1, 2]]}, {"x": [[1.0, 2.0]]}),
        ({"inputs": {"x": [[1, 2]]}}, {"x": [[1.0, 2.0]]}),
        ({"inputs": {"x": []}}, {"x": []}),
        ({"inputs": []}, {"x": []}),
        ({"inputs": 1}, {"x": 1.0}),
        ({"inputs": {"x": 1, "other": "?"}, "more": None}, {"x": 1.0}),
        (b'{"inputs":[1],"inputs":"?"} text', {"x": [1.0]}),
        (b'{"inputs":{"x":[1],"x":"?"}}', {"x": [1.0]}),
        (b'{"instances":[{"x":[1],"x":"?"}]}', {"x": [[1.0]]}),
        (
            b'{"instances":[Infinity,-Inf,1e400]}',
            {"x": [np.inf, -np.inf, np.inf]},
        ),
    ],
)
def test_one_input(body, inputs):
    assert read(body, ONE) == inputs


@pytest.mark.parametrize(
    ("body", "inputs"),
    [
        (
            {"instances": [{"x": [1], "n": 2}, {"n": 4, "x": [3]}]},
            {"x": [[1.0], [3.0]], "n": [2, 4]},
        ),
        ({"inputs": {"x": [[1]], "n": 2}}, {"x": [[1.0]], "n": 2}),
        ({"inputs": {"x": [1, 2, 3], "n": [2]}}, {"x": [1, 2, 3], "n": [2]}),
    ],
)
def test_two_inputs(body, inputs):
    assert read(body, TWO) == inputs


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [{"b64": "QQ=="}]},
        {"instances": ["A"]},
        {"instances": [{"image_bytes": {"b64": "QQ=="}}]},
        {"inputs": [{"b64": "QQ=="}]},
        {"inputs": {"image_bytes": [{"b64": "QQ=="}]}},
    ],
)
def test_bytes(body):
    assert read(body, BYTES) == {"image_bytes": [b"A"]}


def test_bytes_alone_are_a_scalar():
    assert read({"inputs": {"b64": "QQ=="}}, BYTES) == {"image_bytes": b"A"}


@pytest.mark.parametrize(
    ("body", "definition", "text"),
    [
        ({"instances": [1], "inputs": [1]}, ONE, "only one of"),
        ({}, ONE, "Missing 'inputs' or 'instances' key"),
        ({"instances": []}, ONE, "No values in 'instances'"),
        ({"instances": {}}, ONE, "to be an list/array"),
        ({"instances": 1}, ONE, "to be an list/array"),
        (
            {"instances": [1, {"x": 1}]},
            ONE,
            "value/list but got object at item 1",
        ),
        (
            {"instances": [{"x": 1}, 1]},
            ONE,
            "object but got value/list at item 1",
        ),
        ({"instances": [[1], [1, 2]]}, ONE, "unexpected size: 2"),
        ({"instances": [{"x": [1]}, {"x": [1, 2]}]}, ONE, "unexpected size: 2"),
        ({"instances": [1, 2]}, TWO, "expecting objects"),
        ({"instances": [[1, "a"]]}, TWO, "expecting objects"),
        ({"instances": [{"x": 1}]}, TWO, "element: 0 of 'instances' list"),
        (
            {"instances": [{"x": 1, "n": 1}, {"x": 1, "n": 1, "y": 1}]},
            TWO,
            "element: 1 of 'instances' list. JSON object keys must be",
        ),
        ({"inputs": [1]}, TWO, "expecting objects"),
        (
            {"inputs": {"x": [1]}},
            TWO,
            "Missing named input: n in 'inputs' object.",
        ),
        ({"inputs": {}}, ONE, "Missing named input: x in 'inputs' object."),
        ({"inputs": None}, ONE, "not of expected type: float"),
        ({"inputs": [1]}, signature(), "Failed to get input map for signature"),
        ({"inputs": [0] * 101}, ONE, "100"),
        ({"inputs": {"x": [0] * 60, "n": [0] * 41}}, TWO, "100 elements"),
        ({"inputs": [{"b64": "Q"}]}, BYTES, "base64"),
        ({"inputs": [{"b64": "QQ==", "a": 1}]}, BYTES, "base64"),
    ],
)
def test_refuses(body, definition, text):
    assert text in refused(body, definition)


def test_the_limit_of_elements_is_exact():
    assert len(read({"inputs": [0] * 100}, ONE)["x"]) == 100
    assert len(read({"inputs": {"x": [0] * 60, "n": [0] * 40}}, TWO)["x"]) == 60


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        ([-1, 4, 3], (0, 4, 3)),
        ([-1], (0,)),
        ([-1, -1], (0,)),  # whose row has any size
        ([4, 3], (0,)),
        ([], (0,)),
    ],
)
def test_an_empty_list_is_a_batch_without_rows(sizes, shape):
    definition = signature(x="float")
    for size in sizes:
        definition.inputs["x"].tensor_shape.dim.add(size=size)
    for body in (b'{"inputs":[]}', b'{"inputs":{"x":[]}}'):
        inputs = read_request(body, LIMITS).inputs(definition)
        assert inputs["x"].shape == shape


def test_types_that_json_cannot_hold():
    message = refused(
        {"inputs": [1]}, signature(x="half"), code=Code.UNIMPLEMENTED
    )
    assert message.endswith("to type: half")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"inputs": {"x": [1], "y": 1}}, "Inputs other than ['x']"),
        ({"inputs": [1], "y": 1}, "Keys other than"),
        (b'{"inputs":[1]}x', "Text after"),
    ],
)
def test_strict_refuses_what_is_ignored_otherwise(body, text):
    assert read(body, ONE)
    assert text in refused(body, ONE, STRICT)


def test_strict_takes_all_that_is_as_it_should_be():
    body = {"signature_name": "a", "inputs": {"x": [1]}}
    assert read(body, ONE, STRICT) == {"x": [1.0]}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"signature_name":"encode"}', "encode"),
        (b'{"signature_name":""}', "serving_default"),
        (b"{}", "serving_default"),
    ],
)
def test_the_signature_has_a_default(body, name):
    request = read_request(body, LIMITS)
    assert request.signature == name
    assert not request.is_row


@pytest.mark.parametrize("name", ["100", "null", "[]", "true"])
def test_the_signature_is_a_string(name):
    with pytest.raises(ServingError, match="must be a string value"):
        read_request(b'{"signature_name":%b}' % name.encode(), LIMITS)
