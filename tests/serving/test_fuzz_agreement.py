"""One request in three forms: REST in rows, REST in columns, and gRPC.

All get the same kind of answer, and where it is good the same numbers.
"""

import base64
import json
from urllib.parse import urlsplit

import grpc
import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from export_models import TinyModel
from served.fuzz_strategies import (
    ANY_FILES,
    ANY_FLOATS,
    IMAGE_SHAPE,
    QUICK,
    as_json,
    fuzz,
    requests,
)
from served.grpc_servers import client
from served.predict_requests import predict_request
from served.real_server import real_server, targets, write_config
from served.rest_servers import Client
from served.servers import running

from tfdisent.export.saved_model import export_model
from tfdisent.serving.status import HTTP_STATUS, Code

_SPECS = st.sampled_from(
    [("tiny", None, None)] * 12
    + [("tiny", 1, None), ("tiny", 3, None), ("tiny", 2**63 - 1, None)]
    + [("tiny", None, "stable"), ("tiny", None, "x"), ("other", None, None)]
)
# What neither form takes for a number; 1.0 is no integer in JSON either.
_WRONG = st.sampled_from(
    [np.array([True]), np.array([b"1"], object), np.array([1.5], np.float32)]
)


@pytest.fixture(scope="module", params=targets())
def servers(request, tmp_path_factory):
    """`grpc_servers.Client` and `rest_servers.Client` of one server."""
    folder = tmp_path_factory.mktemp("agreement")
    exported = export_model(TinyModel(IMAGE_SHAPE), folder / "exported")
    file = write_config(exported, folder)
    if request.param == "embedded":
        flag = "--allow_version_labels_for_unavailable_models"
        started = running(f"--model_config_file={file}", flag)
    else:
        started = real_server(file)
    with started as addresses, client(addresses.grpc) as connected:
        parts = urlsplit(addresses.rest)
        yield connected, Client(parts.hostname, parts.port)


@st.composite
def cases(draw):
    """A model spec, a signature and inputs, with at most one fault."""
    signature, inputs = draw(requests(ANY_FLOATS, ANY_FILES))
    name = draw(st.sampled_from(sorted(inputs)))
    array = inputs[name]
    match draw(st.integers(0, 9)):
        case 0:
            inputs["other"] = inputs.pop(name)
        case 1:
            del inputs[name]
        case 2:
            signature = draw(st.sampled_from(["other", "é"]))
        case 3:
            axis = draw(st.integers(0, array.ndim - 1))
            size = draw(st.integers(0 if axis else 1, 5))
            inputs[name] = np.take(array, range(size), axis, mode="wrap")
        case 4:
            inputs[name] = np.asarray(
                array[0] if draw(st.booleans()) else [array]
            )
        case 5:
            wrong = draw(_WRONG.filter(lambda x: x.dtype != array.dtype))
            inputs[name] = np.resize(wrong, array.shape)
        case 6 if array.dtype == np.int64:
            number = draw(st.sampled_from([-1, 5, 2**31, -(2**63), 2**63 - 1]))
            inputs[name] = np.full_like(array, number)
    return draw(_SPECS), signature, inputs


def over_grpc(server, spec, signature, inputs):
    """HTTP's status for the code, and arrays by name."""
    model, version, label = spec
    request = predict_request(
        model, version=version, label=label, signature=signature, **inputs
    )
    try:
        answer = server.prediction.Predict(request, timeout=30)
    except grpc.RpcError as error:
        return HTTP_STATUS[Code[error.code().name]], None
    outputs = answer.outputs.items()
    return 200, {name: tf.make_ndarray(tensor) for name, tensor in outputs}


def over_rest(server, spec, signature, content):
    """Status, and what is under the one key of the answer."""
    model, version, label = spec
    path = f"/v1/models/{model}"
    if version is not None:
        path += f"/versions/{version}"
    if label is not None:
        path += f"/labels/{label}"
    body = json.dumps({"signature_name": signature, **content}).encode()
    answer = server.send("POST", f"{path}:predict", body)
    (value,) = answer.json.values()
    return answer.status, value


def rows_of(inputs):
    """A list of an object for each row; None if there is no such form."""
    columns = {name: as_json(array) for name, array in inputs.items()}
    if any(type(column) is not list for column in columns.values()):
        return None
    if len({len(column) for column in columns.values()}) > 1:
        return None
    if not columns:
        return [{}]
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def check(servers, case):
    grpc_server, rest_server = servers
    spec, signature, inputs = case
    status, outputs = over_grpc(grpc_server, spec, signature, inputs)
    columns = {name: as_json(array) for name, array in inputs.items()}
    contents = {"inputs": columns, "instances": rows_of(inputs)}
    for key, content in contents.items():
        if content is None:
            continue
        found, value = over_rest(rest_server, *case[:2], {key: content})
        assert found == status, (key, value)
        if status != 200:
            continue
        if len(outputs) == 1:
            value = dict.fromkeys(outputs, value)
        elif key == "instances":
            value = {name: [row[name] for row in value] for name in value[0]}
        assert value.keys() == outputs.keys()
        for name, array in outputs.items():
            check_same(array, value[name])


def check_same(array, value):
    if array.dtype == object:
        files = [base64.b64decode(x["b64"]) for x in np.ravel(value)]
        assert files == list(array.ravel())
        return
    value = np.array(value, array.dtype)
    if not array.size:  # in lists, an axis after one of no size is lost
        assert not value.size
        return
    assert value.shape == array.shape
    np.testing.assert_allclose(value, array, rtol=1e-6, atol=1e-6)


def test_forms_agree(servers):
    @hypothesis.settings(QUICK, max_examples=200)
    @hypothesis.given(cases())
    def run(case):
        check(servers, case)

    run()


@pytest.mark.slow
def test_forms_agree_for_minutes(servers):
    fuzz("agreement", cases(), lambda case: check(servers, case), seconds=60)
