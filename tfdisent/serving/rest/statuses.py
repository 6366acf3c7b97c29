"""What the REST protocol tells of models and their signatures."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.protobuf import json_format

from tfdisent.export.messages import SignatureDef, SignatureDefMap
from tfdisent.serving.inference.servable import Servable
from tfdisent.serving.version_status import VersionStatus


def status_body(statuses: Iterable[VersionStatus]) -> dict[str, Any]:
    """The versions of a model, as `GetModelStatusResponse` in JSON."""
    return {
        "model_version_status": [
            {
                "version": str(status.version),
                "state": status.state.name,
                "status": {
                    "error_code": status.code.name,
                    "error_message": status.message,
                },
            }
            for status in statuses
        ]
    }


def metadata_body(servable: Servable) -> dict[str, Any]:
    """The signatures of a version, as `GetModelMetadataResponse` in JSON."""
    return {
        "model_spec": {
            "name": servable.name,
            "signature_name": "",
            "version": str(servable.version),
        },
        "metadata": {"signature_def": _signatures(servable.signatures)},
    }


def models_body(
    models: Mapping[str, Sequence[VersionStatus]],
) -> dict[str, Any]:
    """All models and their versions; TensorFlow Serving has no such list."""
    return {
        "models": [
            {
                "name": name,
                "versions": [
                    {"version": str(status.version), "state": status.state.name}
                    for status in statuses
                ],
            }
            for name, statuses in models.items()
        ]
    }


def _signatures(signatures: Mapping[str, SignatureDef]) -> dict[str, Any]:
    message = SignatureDefMap()
    for name, signature in signatures.items():
        message.signature_def[name].CopyFrom(signature)
    return json_format.MessageToDict(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
