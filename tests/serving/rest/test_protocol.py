"""Requests and answers, as every server that speaks the protocol gives them."""

import json
from urllib.parse import urlsplit

import numpy as np
import pytest
from served.real_server import real_server, targets
from served.rest_servers import Client, embedded

from tfdisent.serving.versions.model_config import read_model_config

IMAGES = np.linspace(0, 1, 48, dtype=np.float32).reshape(2, 4, 3, 2)
ROWS = IMAGES.tolist()
CODES = np.arange(10.0).reshape(2, 5).tolist()
TRAVERSE = {"codes": CODES, "latent": [0, 4], "values": [[1, 2], [3, 4]]}
TRAVERSE_ROWS = [
    {name: values[i] for name, values in TRAVERSE.items()} for i in range(2)
]
NEED_REJECTED = [
    (b"", "document is empty"),
    (b"{", "JSON Parse error"),
    (b'{"instances": [1, ]}', "JSON Parse error"),
    (b'{"instances": [1]', "JSON Parse error"),
    (b'{"instances": ["\xff"]}', ""),
    ('{"instances": [1]}'.encode("utf-16"), ""),
    (b"[1]", "Is not object"),
    (b"null", "Is not object"),
    (b"1", "Is not object"),
    (b"{}", "Missing 'inputs' or 'instances' key"),
    (b'{"instances": [1], "inputs": [1]}', "only one of"),
    (b'{"instances": []}', "No values in 'instances' array"),
    (b'{"instances": {}}', "to be an list/array"),
    (b'{"signature_name": 100, "instances": [1]}', "must be a string value"),
    (
        b'{"signature_name": "x", "instances": [1]}',
        'Serving signature name: "x" not found in signature def',
    ),
]


@pytest.fixture(scope="module", params=targets())
def client(request, config_file):
    if request.param == "embedded":
        with embedded(config=read_model_config(config_file)) as server:
            yield server.client
    else:
        with real_server(config_file) as addresses:
            parts = urlsplit(addresses.rest)
            yield Client(parts.hostname, parts.port)


@pytest.mark.parametrize(
    "body",
    [
        {"instances": ROWS},
        {"instances": [{"images": row} for row in ROWS]},
        {"inputs": ROWS},
        {"inputs": {"images": ROWS}},
        {"inputs": {"images": ROWS}, "signature_name": ""},
        {"signature_name": "encode", "instances": ROWS, "more": {"a": 1}},
        b'{"instances": %b} text' % json.dumps(ROWS).encode(),
    ],
)
def test_both_forms_give_the_same(client, body, tiny_model):
    answer = client.predict(body)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    content = answer.json
    if "predictions" in content:
        rows = content["predictions"]
        content = {key: [row[key] for row in rows] for key in rows[0]}
    else:
        content = content["outputs"]
    posterior = tiny_model.encode(IMAGES)
    assert content.keys() == {"mean", "stddev"}
    for key in content:
        expected = np.asarray(getattr(posterior, key)())
        np.testing.assert_allclose(content[key], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "form", [{"inputs": TRAVERSE}, {"instances": TRAVERSE_ROWS}]
)
def test_several_inputs(client, form):
    answer = client.predict({"signature_name": "traverse", **form})
    (images,) = answer.json.values()  # the one output stands by itself
    assert np.shape(images) == (2, 2, 4, 3, 2)


@pytest.mark.parametrize(("body", "text"), NEED_REJECTED)
def test_refuses(client, body, text):
    answer = client.predict(body)
    assert answer.status == 400
    assert text in answer.error


@pytest.mark.parametrize(
    "rows",
    [
        *([], [1], [[1]], ["a"], [None], [[ROWS[0]]], [ROWS[0][:3]]),
        [ROWS[0], ROWS[1][:3]],
        [[[[1, 2]] * 3] * 3 + [[[1, 2]] * 2 + [[1]]]],
        *([[[[value, 0]] * 3] * 4] for value in ("1", None, True, [1], {})),
        *([[[[0] * size] * 3] * 4] for size in (0, 1, 3)),
    ],
)
@pytest.mark.parametrize("key", ["instances", "inputs"])
def test_refuses_wrong_images(client, key, rows):
    if key == "inputs" and not rows:
        return  # a zero-size dimension, which says nothing of the others
    assert client.predict({key: rows}).status == 400


@pytest.mark.parametrize("latent", [1.0, "1", None, True, 2**63, -(2**64)])
def test_refuses_what_is_no_integer(client, latent):
    inputs = {**TRAVERSE, "latent": [0, latent]}
    answer = client.predict({"signature_name": "traverse", "inputs": inputs})
    assert answer.status == 400
    assert "is not of expected type: int64" in answer.error


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"inputs": {**TRAVERSE, "other": 1}}, 200),
        ({"inputs": {"codes": CODES, "latent": [0, 4]}}, 400),
        ({"instances": [{**row, "other": 1} for row in TRAVERSE_ROWS]}, 400),
        ({"instances": [{"codes": CODES[0], "latent": 1}]}, 400),
        ({"instances": CODES}, 400),
        ({"inputs": CODES}, 400),
        ({"instances": [TRAVERSE_ROWS[0], CODES[0]]}, 400),
    ],
)
def test_missing_and_extra_inputs(client, form, status):
    answer = client.predict({"signature_name": "traverse", **form})
    assert answer.status == status


@pytest.mark.parametrize("latent", [-1, 5, 2**31 - 1])
def test_ranges_are_checked_in_the_graph(client, latent):
    inputs = {**TRAVERSE, "latent": [0, latent]}
    answer = client.predict({"signature_name": "traverse", "inputs": inputs})
    assert answer.status == 400


@pytest.mark.parametrize(
    ("token", "mean"),
    [("NaN", b"NaN"), ("Infinity", b"Infinity"), ("-Infinity", b"-Infinity")],
)
def test_what_json_does_not_have_flows_through(client, token, mean):
    row = json.dumps(ROWS[0]).replace("0.0", token, 1)
    answer = client.predict(f'{{"instances": [{row}]}}'.encode())
    assert answer.status == 200
    flat = np.ravel(answer.json["predictions"][0]["mean"])
    assert not np.isfinite(flat).any()
    if token == "NaN":
        assert mean in answer.body


@pytest.mark.parametrize("rows", [1, 64])
def test_batches(client, rows):
    answer = client.predict({"instances": [ROWS[0]] * rows})
    assert len(answer.json["predictions"]) == rows


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/v1/models/other:predict", 404, "Servable not found for request"),
        ("/v1/models/tiny/versions/9:predict", 404, "Specific(tiny, 9)"),
        ("/v1/models/tiny/labels/x:predict", 400, "version label: x"),
        ("/v1/models/tiny/versions/1:predict", 200, ""),
        ("/v1/models/tiny/versions/2:predict", 200, ""),
        ("/v1/models/tiny/labels/stable:predict", 200, ""),
        ("/V1/Models/tiny:Predict", 200, ""),
        ("/v1/models/TINY:predict", 404, "Servable not found"),
        (f"/v1/models/tiny/versions/{2**64}:predict", 400, "Failed to convert"),
        ("/v1/models/tiny/versions/-1:predict", 400, "Malformed request: POST"),
        ("/v1/models/tiny/versions/1.0:predict", 400, "Malformed request"),
        ("/v1/models/tiny/versions/%201:predict", 400, "Malformed request"),
        ("/v1/models/tiny:foo", 400, "Malformed request: POST"),
        ("/v1/models/tiny", 400, "Malformed request: POST"),
        ("/v1/models", 400, "Malformed request: POST"),
        ("/v1/models/tiny:classify", 400, ""),
        ("/v1/models/tiny:regress", 400, ""),
        ("/v1/models/..%2F..%2Fetc%2Fpasswd:predict", 404, "not found"),
        ("/v1/models/../../etc/passwd:predict", 400, "Malformed request"),
    ],
)
def test_paths(client, path, status, text):
    body = {"instances": ROWS}
    if path.endswith(("classify", "regress")):
        body = {"examples": [{"a": 1}]}
    answer = client.send("POST", path, json.dumps(body))
    assert answer.status == status
    if text:
        assert text in answer.error


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_malformed(client, method):
    answer = client.send(method, "/v1/models/tiny:predict")
    assert answer.status == 400
    path = "/v1/models/tiny:predict"
    assert answer.error == f"Malformed request: {method} {path}"


def test_there_is_nothing_else(client):
    for path in ("/", "/v2/models/tiny", "/v1", "/etc/passwd"):
        assert client.get(path).status == 404


def test_the_order_of_checks(client):
    """URL, then JSON, then the signature's type, then the model."""
    other = "other"
    assert client.predict(b"{", model=other).status == 400
    typed = b'{"signature_name": 1}'
    assert client.predict(typed, model=other).status == 400
    assert client.predict({"signature_name": "x"}, model=other).status == 404
    text = client.predict({"signature_name": "x"}).error
    assert 'Serving signature name: "x"' in text


def test_status(client):
    answer = client.get("/v1/models/tiny")
    available = {
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    assert answer.json == {
        "model_version_status": [
            {"version": "2", **available},
            {"version": "1", **available},
        ]
    }
    assert client.get("/v1/models/tiny/labels/x").json == answer.json
    only = client.get("/v1/models/tiny/versions/1").json
    assert only == {"model_version_status": [{"version": "1", **available}]}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/v1/models/other", "Could not find any versions of model other"),
        (
            "/v1/models/tiny/versions/3",
            "Could not find version 3 of model tiny",
        ),
        ("/v1/models/other/metadata", "Servable not found for request:"),
        ("/v1/models/tiny/versions/3/metadata", "Servable not found"),
    ],
)
def test_what_is_not_there(client, path, text):
    answer = client.get(path)
    assert answer.status == 404
    assert answer.error.startswith(text)


def test_metadata(client):
    content = client.get("/v1/models/tiny/labels/stable/metadata").json
    assert content["model_spec"] == {
        "name": "tiny",
        "signature_name": "",
        "version": "1",
    }
    (signatures,) = content["metadata"]["signature_def"].values()
    encode = signatures["encode"]
    assert encode["method_name"] == "tensorflow/serving/predict"
    images = encode["inputs"]["images"]
    assert images["dtype"] == "DT_FLOAT"
    assert images["tensor_shape"] == {
        "dim": [{"size": str(n), "name": ""} for n in (-1, 4, 3, 2)],
        "unknown_rank": False,
    }


def test_preflight(client):
    path = "/v1/models/tiny:predict"
    for origin, status in (("http://a", 200), ("https://a", 200), ("a", 400)):
        answer = client.send("OPTIONS", path, headers={"Origin": origin})
        assert answer.status == status
