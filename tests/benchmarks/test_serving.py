"""The benchmark of the server counts and divides as it says."""

import importlib.util
import json
import pathlib
import sys

import numpy as np
import pytest
from tensorflow_serving.apis import predict_pb2

BENCHMARKS = pathlib.Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
from serving_in_process import inputs, native_rate  # noqa: E402
from serving_load import Request, run_load  # noqa: E402
from serving_processes import start_floor  # noqa: E402
from serving_requests import grpc_request, rest_request  # noqa: E402


@pytest.fixture(scope="module")
def floor():
    with start_floor(10) as server:
        yield server


@pytest.mark.parametrize("protocol", ["gRPC", "REST"])
def test_load_counts_rows_and_orders_percentiles(floor, protocol):
    address = floor.grpc if protocol == "gRPC" else floor.rest
    load = run_load(Request(protocol, address, b"x" * 1000, 4), 3, 0.3)
    assert load.clients == 3
    assert load.images_per_second == 4 * load.requests_per_second > 0
    assert 0 < load.p50 <= load.p99 < 300
    assert floor.cpu_seconds() > 0 and floor.resident_bytes() > 1e6


def test_requests_are_what_the_protocols_want(floor):
    arrays = {
        "codes": np.float32([[1, 2], [3, 4]]),
        "latent": np.int64([0, 1]),
    }
    request = grpc_request(floor, "traverse", arrays)
    read = predict_pb2.PredictRequest.FromString(request.body)
    assert read.model_spec.signature_name == "traverse"
    assert set(read.inputs) == set(arrays) and request.rows == 2
    body = json.loads(rest_request(floor, "traverse", arrays).body)
    assert body["instances"] == [
        {"codes": [1, 2], "latent": 0},
        {"codes": [3, 4], "latent": 1},
    ]
    body = json.loads(rest_request(floor, "x", {"a": np.zeros(2)}).body)
    assert body["instances"] == [0, 0]


def test_in_process_inputs_fit_the_signature(exported):
    arrays = inputs(exported, "traverse", 2)
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == {"codes": (2, 5), "latent": (2,), "values": (2, 7)}
    assert native_rate(exported, "traverse", 2, 0.1) > 1


def load_benchmark():
    # By its file, since `serving` is a folder of tests too.
    spec = importlib.util.spec_from_file_location(
        "serving_benchmark", BENCHMARKS / "serving.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ratios_are_medians_over_the_rounds():
    def load(rate):
        return {"requests_per_second": rate, "p50": 2.0, "p99": rate}

    names = ["gRPC 64 x 1 client", "gRPC 64 x 8 clients"]
    names += ["gRPC 1 x 32 clients", "alone 1 x 32 clients"]
    names += ["empty gRPC x 32 clients", "REST 1 x 1 client"]
    names += ["empty REST x 1 client"]
    limits = dict.fromkeys(
        ["eager 1", "eager 64", "native 1", "native 64"], 10.0
    )
    taken = []
    for k in (5, 1, 2):
        loads = {name: load(k * (i + 1)) for i, name in enumerate(names)}
        taken.append({"limits": limits, "loads": loads})
    found = load_benchmark().ratios(taken)
    assert found["batch 64 over gRPC, 1 client / eager"] == 0.2
    assert found["batch 64 over gRPC, 8 clients / native"] == 0.4
    assert found["gRPC 1 x 32 clients / native"] == pytest.approx(0.6)
    assert found["32 clients, coalescing / none"] == 0.75
    assert found["REST 1 x 1 client, p99 / p50"] == 6
