"""The JSON of requests and answers, against the json of Python."""

import json

import numpy as np
import pytest

from tfdisent.serving.client import json_text as client_json
from tfdisent.serving.client.signatures import TensorSpec

FLOAT = np.dtype(np.float32)


@pytest.mark.parametrize("last", [1.0, np.nan])
def test_float32_is_exact(last):
    bits = np.random.default_rng(0).integers(0, 2**32, 4000, np.uint32)
    array = bits.view(np.float32)
    array = np.append(array[np.isfinite(array)], np.float32(last))[None]
    body = json.loads(client_json.write("s", {"x": array}, is_bare=False))
    assert body["signature_name"] == "s"
    np.testing.assert_array_equal(np.float32(body["inputs"]["x"]), array)
    bare = json.loads(client_json.write("s", {"x": array}, is_bare=True))
    np.testing.assert_array_equal(np.float32(bare["inputs"]), array)


def test_strings_scalars_and_odd_layouts():
    inputs = {
        "s": np.array([[b"\0a", b""]], object),
        "n": np.array(3),
        "t": np.arange(6, dtype=np.int64).reshape(2, 3).T,
    }
    body = json.loads(client_json.write("", inputs, is_bare=False))
    assert body["inputs"] == {
        "s": [[{"b64": "AGE="}, {"b64": ""}]],
        "n": 3,
        "t": [[0, 3], [1, 4], [2, 5]],
    }


@pytest.mark.parametrize("text", ["[NaN, Infinity, -Infinity]", "[1.5, -0.0]"])
def test_answers_may_hold_nan(text):
    spec = TensorSpec(FLOAT, (None,))
    array = client_json.to_array(client_json.read(text.encode()), spec)
    np.testing.assert_array_equal(array, np.float32(json.loads(text)))


def test_an_empty_list_has_the_axes_of_its_output():
    spec = TensorSpec(FLOAT, (None, None, 4, 3))
    assert client_json.to_array([], spec).shape == (0, 0, 4, 3)
    assert client_json.to_array([[], []], spec).shape == (2, 0, 4, 3)


def test_what_is_no_json_is_refused():
    with pytest.raises(ValueError):
        client_json.read(b"<html>")
