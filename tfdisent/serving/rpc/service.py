"""TensorFlow Serving's gRPC services: what a server registers."""

import contextlib
from collections.abc import Iterator, Mapping

import grpc
import numpy as np

from tfdisent.export.contract import DEFAULT
from tfdisent.export.messages import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    GetModelStatusRequest,
    PredictRequest,
    PredictResponse,
    SignatureDefMap,
)
from tfdisent.export.tensors import TensorError, to_array, to_proto
from tfdisent.serving.inference.servable import Servable
from tfdisent.serving.limits import Limits
from tfdisent.serving.monitoring import Monitoring
from tfdisent.serving.rpc.call import Call, Method, service_handler
from tfdisent.serving.rpc.model_service import ModelService
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.versions.manager import ModelManager

_METADATA_FIELD = "signature_def"


def grpc_handlers(
    manager: ModelManager,
    limits: Limits,
    monitoring: Monitoring,
    *,
    enable_reload: bool = False,
) -> list[grpc.GenericRpcHandler]:
    """The handlers for `grpc.aio.Server.add_generic_rpc_handlers`.

    Args:
      manager: of the models.
      limits: of requests; `body_bytes` is for the server's option
        `grpc.max_receive_message_length`, which holds after inflation too.
      monitoring: counts all calls.
      enable_reload: whether a client may replace the configuration.
    """
    services = [
        PredictionService(manager, limits),
        ModelService(manager, enable_reload=enable_reload),
    ]
    return [
        service_handler(service.NAME, service.methods, limits, monitoring)
        for service in services
    ]


class PredictionService:
    """The methods of `tensorflow.serving.PredictionService`.

    Classify and Regress refuse signatures of other methods, as TensorFlow
    Serving does; signatures of theirs, and all of MultiInference, which is of
    nothing else, are not implemented.

    Args:
      manager: of the models.
      limits: of requests.
    """

    NAME = "tensorflow.serving.PredictionService"

    def __init__(self, manager: ModelManager, limits: Limits):
        self._manager = manager
        self._limits = limits
        # Classify's and Regress's requests begin as a GetModelStatusRequest
        # does, with a ModelSpec; the examples after it are not read.
        self.methods = {
            "Predict": Method(PredictRequest, self._predict),
            "GetModelMetadata": Method(
                GetModelMetadataRequest, self._get_model_metadata
            ),
            "Classify": Method(GetModelStatusRequest, self._classify),
            "Regress": Method(GetModelStatusRequest, self._regress),
        }

    async def _predict(
        self, request: PredictRequest, call: Call
    ) -> PredictResponse:
        signature = request.model_spec.signature_name or DEFAULT
        with self._using(request, call) as servable:
            if signature not in servable.signatures:
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f'Serving signature key "{signature}" not found.',
                )
            outputs = await servable.predict(
                signature,
                _LazyArrays(request, self._limits.elements),
                list(request.output_filter),
                call.deadline,
            )
        response = PredictResponse()
        response.model_spec.name = call.model
        response.model_spec.version.value = call.version
        response.model_spec.signature_name = signature
        for name, array in outputs.items():
            response.outputs[name].CopyFrom(to_proto(array))
        return response

    async def _get_model_metadata(
        self, request: GetModelMetadataRequest, call: Call
    ) -> GetModelMetadataResponse:
        _check_spec(request)
        if not request.metadata_field:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                "GetModelMetadataRequest must specify at least one"
                " metadata_field",
            )
        for field in request.metadata_field:
            if field != _METADATA_FIELD:
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"Metadata field {field} is not supported",
                )
        response = GetModelMetadataResponse()
        with self._using(request, call) as servable:
            signatures = SignatureDefMap(signature_def=servable.signatures)
        response.model_spec.name = call.model
        response.model_spec.version.value = call.version
        response.metadata[_METADATA_FIELD].Pack(signatures)
        return response

    async def _classify(
        self, request: GetModelStatusRequest, call: Call
    ) -> None:
        self._refuse(request, call, "classification", "classify")

    async def _regress(
        self, request: GetModelStatusRequest, call: Call
    ) -> None:
        self._refuse(request, call, "regression", "regress")

    def _refuse(
        self,
        request: GetModelStatusRequest,
        call: Call,
        kind: str,
        method: str,
    ) -> None:
        name = request.model_spec.signature_name or DEFAULT
        with self._using(request, call) as servable:
            signature = servable.signatures.get(name)
        if signature is None:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"No signature was found with the name: {name}",
            )
        method = f"tensorflow/serving/{method}"
        if signature.method_name != method:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"Expected {kind} signature method_name to be {method}."
                f" Was: {signature.method_name}",
            )
        raise ServingError(
            Code.UNIMPLEMENTED, f"this server does not run {method}"
        )

    @contextlib.contextmanager
    def _using(self, request, call: Call) -> Iterator[Servable]:
        _check_spec(request)
        spec = request.model_spec
        call.model = spec.name
        choice = spec.WhichOneof("version_choice")
        with self._manager.using(
            spec.name,
            spec.version.value if choice == "version" else None,
            spec.version_label if choice == "version_label" else None,
        ) as servable:
            call.version = servable.version
            yield servable


class _LazyArrays(Mapping[str, np.ndarray]):
    """The inputs of a request, each decoded when it is asked for.

    Names are checked before values, so wrong ones, which may be a million,
    are never decoded.
    """

    def __init__(self, request: PredictRequest, max_elements: int):
        self._inputs = request.inputs
        self._left = max_elements

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            array = to_array(self._inputs[name], self._left)
        except TensorError as error:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"tensor parsing error: {name}: {error.reason}",
            ) from None
        self._left -= array.size
        return array


def _check_spec(request) -> None:
    if not request.HasField("model_spec"):
        raise ServingError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
    if not request.model_spec.name:
        raise ServingError(
            Code.INVALID_ARGUMENT, "ModelSpec has no name specified."
        )
