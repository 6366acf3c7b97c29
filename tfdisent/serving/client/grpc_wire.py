"""TensorFlow Serving's gRPC, as a client speaks it."""

from collections.abc import Mapping

import numpy as np

from tfdisent.export.messages import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    GetModelStatusRequest,
    GetModelStatusResponse,
    ModelSpec,
    PredictRequest,
    PredictResponse,
    SignatureDefMap,
)
from tfdisent.export.tensors import to_array, to_proto
from tfdisent.serving.client.signatures import Signature, read_signatures
from tfdisent.serving.client.wire import Metadata, Request, Target
from tfdisent.serving.status import Code
from tfdisent.serving.version_status import State, VersionStatus

_PREDICTION = "/tensorflow.serving.PredictionService/"
_MODEL = "/tensorflow.serving.ModelService/"
# A message holds less: the connection has a limit of its own.
_ANY_SIZE = 2**31


class GrpcWire:
    """A `Wire` of messages for one model."""

    def __init__(self, target: Target):
        self._target = target

    def pinned(self, version: int) -> "GrpcWire":
        return GrpcWire(Target(self._target.model, version))

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
    ) -> Request:
        request = PredictRequest(model_spec=self._spec(name))
        for key, array in inputs.items():
            request.inputs[key].CopyFrom(to_proto(array))
        return Request(f"{_PREDICTION}Predict", request.SerializeToString())

    def read_predict(
        self, answer: bytes, signature: Signature
    ) -> dict[str, np.ndarray]:
        outputs = PredictResponse.FromString(answer).outputs
        # A copy, since the array of a message may not be written.
        return {
            name: to_array(outputs[name], _ANY_SIZE).copy()
            for name in sorted(outputs)
        }

    def metadata(self) -> Request:
        request = GetModelMetadataRequest(
            model_spec=self._spec(), metadata_field=["signature_def"]
        )
        path = f"{_PREDICTION}GetModelMetadata"
        return Request(path, request.SerializeToString())

    def read_metadata(self, answer: bytes) -> Metadata:
        response = GetModelMetadataResponse.FromString(answer)
        content = response.metadata["signature_def"].value
        signatures = read_signatures(SignatureDefMap.FromString(content))
        return Metadata(response.model_spec.version.value, signatures)

    def statuses(self) -> Request:
        request = GetModelStatusRequest(model_spec=self._spec())
        path = f"{_MODEL}GetModelStatus"
        return Request(path, request.SerializeToString())

    def read_statuses(self, answer: bytes) -> list[VersionStatus]:
        found = GetModelStatusResponse.FromString(answer).model_version_status
        return [
            VersionStatus(
                x.version,
                State(x.state),
                Code(x.status.error_code),
                x.status.error_message,
            )
            for x in found
        ]

    def _spec(self, signature: str = "") -> ModelSpec:
        model, version, label = self._target
        spec = ModelSpec(name=model, signature_name=signature)
        if version is not None:
            spec.version.value = version
        elif label is not None:
            spec.version_label = label
        return spec
