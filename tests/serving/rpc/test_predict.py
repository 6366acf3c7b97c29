"""Predict over gRPC, against each server there is."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from served.predict_requests import IMAGES, predict_request, tensor
from tensorflow_serving.apis import predict_pb2

SHAPE = (2, 4, 3, 2)


@pytest.fixture
def server(grpc_server):
    """After each test the server still answers."""
    yield grpc_server
    good = predict(grpc_server, predict_request(images=IMAGES))
    assert tf.make_ndarray(good.outputs["mean"]).shape == (2, 5)


def predict(server, request, timeout=30):
    return server.prediction.Predict(request, timeout=timeout)


def unknown_rank():
    proto = tensor([], float_val=[0])
    proto.tensor_shape.unknown_rank = True
    return proto


CASES = {
    "no_spec": (predict_pb2.PredictRequest(), 3, "Missing ModelSpec"),
    "no_name": (predict_request(""), 3, "ModelSpec has no name specified."),
    "unknown_model": (
        predict_request("nobody", images=IMAGES),
        5,
        "Servable not found for request: Latest(nobody)",
    ),
    "path_as_name": (
        predict_request("../../etc/passwd", images=IMAGES),
        5,
        "Servable not found for request: Latest(../../etc/passwd)",
    ),
    "unknown_version": (
        predict_request(version=7, images=IMAGES),
        5,
        "Servable not found for request: Specific(tiny, 7)",
    ),
    "negative_version": (
        predict_request(version=-1, images=IMAGES),
        5,
        "Servable not found for request: Specific(tiny, -1)",
    ),
    "unknown_label": (
        predict_request(label="nightly", images=IMAGES),
        3,
        "Unrecognized servable version label: nightly",
    ),
    "unknown_signature": (
        predict_request(signature="dream", images=IMAGES),
        9,
        'Serving signature key "dream" not found.',
    ),
    "wrong_dtype": (
        predict_request(images=IMAGES.astype(np.int32)),
        3,
        "Expects arg[0] to be float but int32 is provided",
    ),
    "strings_for_floats": (
        predict_request(images=np.full(SHAPE, b"x")),
        3,
        "Expects arg[0] to be float but string is provided",
    ),
    "no_dtype": (
        predict_request(images=tensor(SHAPE, 0, float_val=[0])),
        3,
        "tensor parsing error: images",
    ),
    "wrong_rank": (
        predict_request(images=IMAGES[0]),
        3,
        "Shape of tensor",
    ),
    "wrong_size": (predict_request(images=IMAGES[:, :3]), 3, "Shape of tensor"),
    "short_content": (
        predict_request(images=tensor(SHAPE, tensor_content=bytes(188))),
        3,
        "tensor parsing error: images",
    ),
    "misaligned_content": (
        predict_request(images=tensor(SHAPE, tensor_content=bytes(193))),
        3,
        "tensor parsing error: images",
    ),
    "negative_size": (
        predict_request(images=tensor([-1, 4, 3, 2], float_val=[0])),
        3,
        "tensor parsing error: images",
    ),
    "unknown_rank": (
        predict_request(images=unknown_rank()),
        3,
        "tensor parsing error: images",
    ),
    "300_dimensions": (
        predict_request(images=tensor([1] * 300, float_val=[0])),
        3,
        "tensor parsing error: images",
    ),
    "overflow_to_0": (
        predict_request(images=tensor([2**32, 2**32], float_val=[0])),
        3,
        "tensor parsing error: images",
    ),
    "overflow_to_4": (
        predict_request(images=tensor([2**62 + 1, 4], float_val=[0] * 4)),
        3,
        "tensor parsing error: images",
    ),
    "no_input": (
        predict_request(),
        3,
        "input size does not match signature: 0!=1 len({}) != len({images})."
        " Sent extra: {}. Missing but required: {images}.",
    ),
    "extra_input": (
        predict_request(images=IMAGES, more=IMAGES),
        3,
        "input size does not match signature: 2!=1",
    ),
    "misnamed_input": (
        predict_request(image=IMAGES),
        3,
        "Signature input alias: images(feed name:",
    ),
    "unknown_output": (
        predict_request(images=IMAGES, output_filter=["median"]),
        3,
        "output tensor alias not found in signature: median",
    ),
    "repeated_output": (
        predict_request(images=IMAGES, output_filter=["mean", "mean"]),
        3,
        "duplicate output tensor alias: mean",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_request_gets_its_code_and_text(server, case):
    request, code, text = CASES[case]
    with pytest.raises(grpc.RpcError) as info:
        predict(server, request)
    assert info.value.code().value[0] == code
    assert info.value.details().startswith(text)


@pytest.mark.parametrize(
    ("spec", "version"),
    [({}, 2), ({"version": 1}, 1), ({"label": "stable"}, 1)],
)
def test_answer_names_the_version_that_gave_it(server, spec, version):
    spec = predict(server, predict_request(images=IMAGES, **spec)).model_spec
    assert (spec.name, spec.signature_name) == ("tiny", "encode")
    assert spec.WhichOneof("version_choice") == "version"
    assert spec.version.value == version


def test_signature_is_serving_default_if_none_is_named(server):
    answer = predict(server, predict_request(signature="", images=IMAGES))
    assert answer.model_spec.signature_name == "serving_default"
    assert set(answer.outputs) == {"mean", "stddev"}


def test_answer_is_the_models(server, tiny_model):
    answer = predict(server, predict_request(images=IMAGES))
    posterior = tiny_model.encode(IMAGES)
    for name, expected in (
        ("mean", posterior.mean()),
        ("stddev", posterior.stddev()),
    ):
        np.testing.assert_allclose(
            tf.make_ndarray(answer.outputs[name]), expected, 1e-5, 1e-6
        )


def test_all_encodings_of_a_tensor_get_the_same_answer(server):
    requests = [
        tensor(SHAPE, tensor_content=IMAGES.tobytes()),
        tensor(SHAPE, float_val=IMAGES.ravel()),
        tensor(SHAPE, tensor_content=IMAGES.tobytes(), float_val=[7]),
    ]
    answers = [predict(server, predict_request(images=r)) for r in requests]
    content = [
        tf.make_ndarray(answer.outputs["mean"]).tolist() for answer in answers
    ]
    assert content[0] == content[1] == content[2]


def test_last_listed_value_stands_for_the_rest(server):
    full = np.full(SHAPE, 0.5, np.float32)
    full[0, 0, 0, 0] = 0.25
    short = tensor(SHAPE, float_val=[0.25, 0.5])
    one, two = (
        predict(server, predict_request(images=images)).outputs["mean"]
        for images in (full, short)
    )
    np.testing.assert_array_equal(tf.make_ndarray(one), tf.make_ndarray(two))


def test_output_filter_selects(server):
    request = predict_request(images=IMAGES, output_filter=["stddev"])
    assert list(predict(server, request).outputs) == ["stddev"]


def test_nan_and_infinity_flow_through(server):
    images = IMAGES.copy()
    images[1, 0, 0, 0] = np.nan
    mean = predict(server, predict_request(images=images)).outputs["mean"]
    assert np.isfinite(tf.make_ndarray(mean)).all(axis=1).tolist() == [
        True,
        False,
    ]


def test_no_rows_get_no_rows(server):
    answer = predict(server, predict_request(images=IMAGES[:0]))
    assert tf.make_ndarray(answer.outputs["mean"]).shape == (0, 5)


def test_deadline_of_1_ms_passes(server):
    request = predict_request(
        signature="traverse",
        codes=np.zeros((64, 5), np.float32),
        latent=np.zeros(64, np.int64),
        values=np.zeros((64, 256), np.float32),
    )
    with pytest.raises(grpc.RpcError) as info:
        predict(server, request, timeout=0.001)
    assert info.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
