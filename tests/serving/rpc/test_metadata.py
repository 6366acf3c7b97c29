"""GetModelMetadata, and the methods that no signature here has."""

import grpc
import pytest
from export_models import read_meta_graph
from served.predict_requests import predict_request
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    regression_pb2,
)


def metadata_request(*fields, model="tiny", **spec):
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.CopyFrom(predict_request(model, **spec).model_spec)
    request.metadata_field.extend(fields)
    return request


def code_and_text(method, request):
    with pytest.raises(grpc.RpcError) as info:
        method(request, timeout=30)
    return info.value.code().value[0], info.value.details()


def test_metadata_are_the_saved_models_signatures(grpc_server, exported):
    answer = grpc_server.prediction.GetModelMetadata(
        metadata_request("signature_def", version=1), timeout=30
    )
    assert list(answer.metadata) == ["signature_def"]
    found = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(found)
    expected = read_meta_graph(exported).signature_def
    assert dict(found.signature_def) == dict(expected)
    assert answer.model_spec.name == "tiny"
    assert answer.model_spec.version.value == 1


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (get_model_metadata_pb2.GetModelMetadataRequest(), 3, "Missing Mod"),
        (metadata_request(), 3, ""),
        (metadata_request("assets"), 3, "Metadata field assets is not"),
        (metadata_request("signature_def", "x"), 3, "Metadata field x is not"),
        (
            metadata_request("signature_def", model="nobody"),
            5,
            "Servable not found for request: Latest(nobody)",
        ),
    ],
)
def test_bad_metadata_requests(grpc_server, request_, code, text):
    given = code_and_text(grpc_server.prediction.GetModelMetadata, request_)
    assert given[0] == code
    assert given[1].startswith(text)


@pytest.mark.parametrize(
    ("method", "request_class", "kind"),
    [
        (
            "Classify",
            classification_pb2.ClassificationRequest,
            "classification",
        ),
        ("Regress", regression_pb2.RegressionRequest, "regression"),
    ],
)
@pytest.mark.parametrize(
    ("spec", "code", "text"),
    [
        (
            {"signature": "encode"},
            3,
            "Expected {kind} signature method_name to be"
            " tensorflow/serving/{method}. Was: tensorflow/serving/predict",
        ),
        ({"signature": "dream"}, 3, "No signature was found with the name: d"),
        ({"model": "nobody"}, 5, "Servable not found for request: Latest(no"),
    ],
)
def test_no_signature_classifies_or_regresses(
    grpc_server, method, request_class, kind, spec, code, text
):
    request = request_class()
    request.model_spec.CopyFrom(predict_request(**spec).model_spec)
    request.input.example_list.examples.add().features.feature[
        "\u00e9"
    ].bytes_list.value.append(b"\xff")
    given = code_and_text(getattr(grpc_server.prediction, method), request)
    assert given[0] == code
    assert given[1].startswith(text.format(kind=kind, method=method.lower()))


def test_multi_inference_is_not_implemented(grpc_embedded):
    code, _ = code_and_text(
        grpc_embedded.client.prediction.MultiInference,
        inference_pb2.MultiInferenceRequest(),
    )
    assert code == 12
