"""TensorFlow Serving's REST, as a client speaks it."""

from collections.abc import Mapping
from urllib.parse import quote

import numpy as np
from google.protobuf import json_format

from tfdisent.export.messages import SignatureDefMap
from tfdisent.serving.client import json_text as client_json
from tfdisent.serving.client.signatures import Signature, read_signatures
from tfdisent.serving.client.wire import Metadata, Request, Target
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.version_status import State, VersionStatus

# Several codes share a status, of which the most likely is named. Some come
# from proxies alone.
_CODES = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    408: Code.DEADLINE_EXCEEDED,
    409: Code.ABORTED,
    413: Code.RESOURCE_EXHAUSTED,
    429: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    500: Code.INTERNAL,
    501: Code.UNIMPLEMENTED,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.DEADLINE_EXCEEDED,
}
_SHOWN = 200  # Characters of an error page that is no JSON.


class RestWire:
    """A `Wire` of JSON for one model."""

    def __init__(self, target: Target):
        self._model = target.model
        self._path = f"/v1/models/{quote(target.model, safe='')}"
        if target.version is not None:
            self._path += f"/versions/{target.version}"
        elif target.label is not None:
            self._path += f"/labels/{quote(target.label, safe='')}"

    def pinned(self, version: int) -> "RestWire":
        return RestWire(Target(self._model, version))

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
    ) -> Request:
        # A bare array is what servers read fastest, but it hides its name.
        is_bare = len(inputs) == 1 and inputs.keys() == signature.inputs.keys()
        body = client_json.write(name, inputs, is_bare)
        return Request(f"{self._path}:predict", body)

    def read_predict(
        self, answer: bytes, signature: Signature
    ) -> dict[str, np.ndarray]:
        outputs = client_json.read(answer)["outputs"]
        if len(signature.outputs) == 1:  # which then has no name
            outputs = dict.fromkeys(signature.outputs, outputs)
        return {
            name: client_json.to_array(outputs[name], spec)
            for name, spec in signature.outputs.items()
        }

    def metadata(self) -> Request:
        return Request(f"{self._path}/metadata", None)

    def read_metadata(self, answer: bytes) -> Metadata:
        fields = client_json.read(answer)
        signatures = json_format.ParseDict(
            fields["metadata"]["signature_def"],
            SignatureDefMap(),
            ignore_unknown_fields=True,
        )
        version = int(fields["model_spec"]["version"])
        return Metadata(version, read_signatures(signatures))

    def statuses(self) -> Request:
        return Request(self._path, None)

    def read_statuses(self, answer: bytes) -> list[VersionStatus]:
        found = client_json.read(answer)["model_version_status"]
        return [
            VersionStatus(
                int(x["version"]),
                State[x["state"]],
                Code[x["status"]["error_code"]],
                x["status"]["error_message"],
            )
            for x in found
        ]


def http_error(status: int, body: bytes) -> ServingError:
    """The error that an HTTP answer tells, by status and body."""
    code = _CODES.get(status)
    if code is None:
        code = Code.INVALID_ARGUMENT if 400 <= status < 500 else Code.UNKNOWN
    try:
        message = client_json.read(body)["error"]
    except (ValueError, TypeError, KeyError):
        shown = " ".join(body.decode(errors="replace").split())[:_SHOWN]
        message = f"HTTP status {status}: {shown}".removesuffix(": ")
    return ServingError(code, message)
