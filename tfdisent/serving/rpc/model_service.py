"""TensorFlow Serving's ModelService: which versions there are."""

from tfdisent.export.messages import (
    GetModelStatusRequest,
    GetModelStatusResponse,
    ReloadConfigRequest,
    ReloadConfigResponse,
)
from tfdisent.serving.rpc.call import Call, Method
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.versions.manager import ModelManager


class ModelService:
    """The methods of `tensorflow.serving.ModelService`.

    Args:
      manager: of the models.
      enable_reload: whether a client may replace the configuration.
    """

    NAME = "tensorflow.serving.ModelService"

    def __init__(self, manager: ModelManager, *, enable_reload: bool = False):
        self._manager = manager
        self._enable_reload = enable_reload
        self.methods = {
            "GetModelStatus": Method(
                GetModelStatusRequest, self._get_model_status
            ),
            "HandleReloadConfigRequest": Method(
                ReloadConfigRequest, self._reload
            ),
        }

    async def _get_model_status(
        self, request: GetModelStatusRequest, call: Call
    ) -> GetModelStatusResponse:
        if not request.HasField("model_spec"):
            raise ServingError(Code.INVALID_ARGUMENT, "Missing ModelSpec")
        spec = request.model_spec
        call.model = spec.name
        version = spec.version.value if spec.HasField("version") else None
        response = GetModelStatusResponse()
        for status in self._manager.statuses(spec.name, version):
            added = response.model_version_status.add(
                version=status.version, state=status.state
            )
            added.status.error_code = status.code
            added.status.error_message = status.message
        return response

    async def _reload(
        self, request: ReloadConfigRequest, call: Call
    ) -> ReloadConfigResponse:
        if not self._enable_reload:
            raise ServingError(
                Code.UNIMPLEMENTED,
                "HandleReloadConfigRequest is not enabled on this server",
            )
        await self._manager.reload(request.config)
        response = ReloadConfigResponse()
        response.status.SetInParent()  # OK, which is not written otherwise
        return response
