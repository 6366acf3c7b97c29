"""Deadlines, cancellation, errors and counts of gRPC calls."""

import logging
import time

import grpc
import numpy as np
import pytest
import tensorflow as tf
from served.grpc_fakes import FakeServable
from served.grpc_servers import LIMITS, embedded
from served.predict_requests import IMAGES, predict_request
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
)

from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.versions.model_config import read_model_config

REQUEST = predict_request(images=IMAGES)
METADATA = get_model_metadata_pb2.GetModelMetadataRequest(
    model_spec=REQUEST.model_spec, metadata_field=["signature_def"]
)
STATUS = get_model_status_pb2.GetModelStatusRequest(
    model_spec=REQUEST.model_spec
)


@pytest.fixture(scope="module")
def server_and_fakes(config_file):
    fakes = []

    def load(*version):
        fakes.append(FakeServable(*version))
        return fakes[-1]

    with embedded(read_model_config(config_file), load=load) as server:
        yield server, {fake.version: fake for fake in fakes}


@pytest.fixture
def server(server_and_fakes):
    server_and_fakes[0].observed.clear()
    return server_and_fakes[0]


@pytest.fixture
def fake(server_and_fakes):
    """The version that answers."""
    fake = server_and_fakes[1][2]
    fake.error = None
    fake.began.clear()
    fake.cancelled.clear()
    return fake


def observed(server):
    """The one call that was counted; it may end after the client's."""
    end = time.monotonic() + 30
    while not server.observed and time.monotonic() < end:
        time.sleep(0.01)
    (call,) = server.observed
    return call


def error_of(server, request=REQUEST, timeout=None):
    with pytest.raises(grpc.RpcError) as info:
        server.client.prediction.Predict(request, timeout=timeout)
    return info.value.code(), info.value.details()


def test_clients_deadline_goes_to_the_servable(server, fake):
    code, _ = error_of(server, timeout=0.5)
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    # gRPC itself may say a third of a millisecond more than the client gave.
    assert 0 < fake.seconds < 0.51
    assert fake.cancelled.wait(30)
    call = ("tiny", 2, "GRPC", "Predict", "DEADLINE_EXCEEDED")
    assert observed(server) == call


@pytest.mark.parametrize("timeout", [None, 1000])
def test_servers_deadline_goes_first_if_it_is_earlier(server, fake, timeout):
    call = server.client.prediction.Predict.future(REQUEST, timeout=timeout)
    assert fake.began.wait(30)
    call.cancel()
    assert observed(server)[-1] == "CANCELLED"
    limit = LIMITS.request_seconds
    assert limit - 5 < fake.seconds <= limit


def test_cancelled_call_cancels_the_request(server, fake):
    call = server.client.prediction.Predict.future(REQUEST)
    assert fake.began.wait(30)
    call.cancel()
    assert fake.cancelled.wait(30)
    assert observed(server) == ("tiny", 2, "GRPC", "Predict", "CANCELLED")


@pytest.mark.parametrize("code", list(Code)[1:])
def test_codes_go_to_the_client_and_are_counted(server, fake, code):
    fake.error = ServingError(code, "because")
    status, text = error_of(server)
    assert (status.value[0], text) == (code, "because")
    assert observed(server) == ("tiny", 2, "GRPC", "Predict", code.name)


def test_what_nobody_foresaw_is_told_to_the_log_alone(server, fake, caplog):
    fake.error = RuntimeError("weights of /secret are 3.5")
    with caplog.at_level(logging.ERROR):
        code, text = error_of(server)
    assert (code, text) == (grpc.StatusCode.INTERNAL, "internal error")
    assert observed(server) == ("tiny", 2, "GRPC", "Predict", "INTERNAL")
    assert "weights of /secret" in caplog.text
    assert "Traceback" in caplog.text


def test_calls_without_a_version_are_counted(server, fake):
    error_of(server, predict_request("nobody"))
    assert observed(server) == ("nobody", None, "GRPC", "Predict", "NOT_FOUND")


@pytest.mark.parametrize(
    ("service", "method", "request_", "version"),
    [
        ("prediction", "Predict", REQUEST, 2),
        ("prediction", "GetModelMetadata", METADATA, 2),
        ("models", "GetModelStatus", STATUS, None),
    ],
)
def test_good_calls_of_all_methods_are_counted(
    grpc_embedded, service, method, request_, version
):
    grpc_embedded.observed.clear()
    getattr(getattr(grpc_embedded.client, service), method)(request_)
    assert ("tiny", version, "GRPC", method, "OK") in grpc_embedded.observed


def test_cancelled_requests_harm_no_others(grpc_embedded):
    predict = grpc_embedded.client.prediction.Predict
    images = [np.full((1, 4, 3, 2), i, np.float32) for i in range(60)]
    calls = [predict.future(predict_request(images=i)) for i in images]
    for call in calls[::3]:
        call.cancel()
    alone = predict(predict_request(images=np.concatenate(images)))
    expected = tf.make_ndarray(alone.outputs["mean"])
    for i, call in enumerate(calls):
        if i % 3:
            mean = tf.make_ndarray(call.result(30).outputs["mean"])
            np.testing.assert_allclose(mean[0], expected[i], 1e-5, 1e-5)
