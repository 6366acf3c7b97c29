"""Requests written once, in either protocol."""

import json
from collections.abc import Mapping

import numpy as np
from serving_load import Request
from serving_processes import MODEL, Process

from tfdisent.export.messages import PredictRequest
from tfdisent.export.tensors import to_proto


def grpc_request(
    server: Process, signature: str, arrays: Mapping[str, np.ndarray]
) -> Request:
    """A PredictRequest with tensor_content."""
    message = PredictRequest()
    message.model_spec.name = MODEL
    message.model_spec.signature_name = signature
    for name, array in arrays.items():
        message.inputs[name].CopyFrom(to_proto(array))
    body = message.SerializeToString()
    return Request("gRPC", server.grpc, body, _rows(arrays))


def rest_request(
    server: Process, signature: str, arrays: Mapping[str, np.ndarray]
) -> Request:
    """A body in row form, as Python's json writes lists of float32 values."""
    names = list(arrays)
    rows = zip(*(arrays[name].tolist() for name in names), strict=True)
    items = [
        row[0] if len(names) == 1 else dict(zip(names, row, strict=True))
        for row in rows
    ]
    body = json.dumps({"signature_name": signature, "instances": items})
    address = f"{server.rest}/v1/models/{MODEL}:predict"
    return Request("REST", address, body.encode(), _rows(arrays))


def _rows(arrays: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(arrays.values())))
