"""gRPC messages that are made to harm; the server stays as it was."""

import re

import grpc
import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from served.predict_requests import IMAGES, predict_request, tensor

METHOD = "/tensorflow.serving.PredictionService/Predict"
MB = 2**20


@pytest.fixture
def server(grpc_embedded):
    """After each test the same connection still answers."""
    yield grpc_embedded.client
    good = grpc_embedded.client.prediction.Predict(
        predict_request(images=IMAGES), timeout=30
    )
    assert tf.make_ndarray(good.outputs["mean"]).shape == (2, 5)


def send(server, content, method=METHOD, **options):
    """Sends bytes; returns code and text of the error."""
    call = server.channel.unary_unary(method)
    with pytest.raises(grpc.RpcError) as info:
        call(content, timeout=30, **options)
    return info.value.code().name, info.value.details()


def peak_memory():
    """The most memory since `reset_peak_memory`, in bytes."""
    with open("/proc/self/status") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) * 1024


def reset_peak_memory():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return peak_memory()


@pytest.mark.parametrize("values", [[], [0.5], [0.5, 1]])
@pytest.mark.parametrize("size", [2**15, 2**40])
def test_small_message_makes_no_large_tensor(server, values, size):
    request = predict_request(images=tensor([size, size], float_val=values))
    before = reset_peak_memory()
    for _ in range(5):
        code, text = send(server, request.SerializeToString())
        assert code == "INVALID_ARGUMENT"
        assert text.startswith("tensor parsing error: images: shape")
    assert peak_memory() - before < 10 * MB


def test_elements_of_all_inputs_are_counted_together(server):
    half = tensor([2**19 + 1], float_val=[0])
    request = predict_request(
        signature="traverse", codes=half, latent=half, values=half
    )
    code, text = send(server, request.SerializeToString())
    assert code == "INVALID_ARGUMENT"
    assert "elements that are left of the limit of a request" in text


def test_wrong_names_are_refused_before_values_are_read(server):
    request = predict_request()
    for i in range(2000):
        request.inputs[str(i)].dtype = 1
    code, text = send(server, request.SerializeToString())
    assert code == "INVALID_ARGUMENT"
    assert text.startswith("input size does not match signature: 2000!=1")
    assert text.endswith("...TRUNCATED")
    assert len(text) == 1024 + len("...TRUNCATED")


def test_many_small_fields_are_refused_before_they_are_parsed(server):
    before = reset_peak_memory()
    code, text = send(server, b"\x1a\x00" * (2**19 - 100))
    assert (code, text) == (
        "INVALID_ARGUMENT",
        "the message has more than 65536 fields",
    )
    assert peak_memory() - before < 10 * MB


def test_text_is_cut_by_bytes(server):
    request = predict_request("\N{GRINNING FACE}" * 5000)
    code, text = send(server, request.SerializeToString())
    assert code == "NOT_FOUND"
    assert text.endswith("\N{GRINNING FACE}...TRUNCATED")
    assert 1021 <= len(text.removesuffix("...TRUNCATED").encode()) <= 1024


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"\x0a\xff",
        b"\x12\x05hello",
        bytes(100),
        b"\x0a\x02\x0a\x00" * 9,
    ],
)
def test_garbage_is_an_invalid_argument(server, content):
    assert send(server, content)[0] == "INVALID_ARGUMENT"


def test_message_over_the_limit_leaves_the_connection(server):
    request = predict_request(images=np.zeros((MB, 1), np.float32))
    code, _ = send(server, request.SerializeToString())
    assert code == "RESOURCE_EXHAUSTED"


def test_compressed_bomb_is_not_inflated(server):
    size = 50 * MB
    bomb = predict_request(images=IMAGES).SerializeToString()
    bomb += b"\x7a" + varint(size) + bytes(size)  # an unknown field
    before = reset_peak_memory()
    code, _ = send(server, bomb, compression=grpc.Compression.Gzip)
    assert code == "RESOURCE_EXHAUSTED"
    # One copy is the client's, in this process too.
    assert peak_memory() - before < 1.5 * size


def varint(number):
    content = b""
    while number > 127:
        content += bytes([number & 127 | 128])
        number >>= 7
    return content + bytes([number])


def test_compressed_requests_are_answered(server):
    request = predict_request(images=IMAGES)
    plain, packed = (
        server.prediction.Predict(request, timeout=30, compression=how)
        for how in (grpc.Compression.NoCompression, grpc.Compression.Gzip)
    )
    assert packed.outputs["mean"] == plain.outputs["mean"]
    assert packed.outputs["mean"].tensor_content


@pytest.mark.parametrize(
    "method",
    [
        "/tensorflow.serving.PredictionService/Nothing",
        "/tensorflow.serving.SessionService/SessionRun",
        "/",
    ],
)
def test_unknown_method_is_unimplemented(server, method):
    assert send(server, b"", method)[0] == "UNIMPLEMENTED"


def test_no_text_tells_of_files(server, config_file):
    for name in ("\x00", "..", "a/b", "%2e%2e%2f", "x" * 10000, "\r\nx: y"):
        request = predict_request(name, images=IMAGES)
        code, text = send(server, request.SerializeToString())
        assert code == "NOT_FOUND"
        assert str(config_file.parent) not in text


@hypothesis.settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(st.data())
def test_damaged_requests_get_a_documented_code(server, data):
    content = bytearray(predict_request(images=IMAGES).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    call = server.channel.unary_unary(METHOD)
    try:
        call(bytes(content), timeout=30)
    except grpc.RpcError as error:
        assert error.code().name in {
            "INVALID_ARGUMENT",
            "NOT_FOUND",
            "FAILED_PRECONDITION",
        }
