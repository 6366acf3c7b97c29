"""GetModelStatus and HandleReloadConfigRequest."""

import shutil
import threading

import grpc
import pytest
from google.protobuf import text_format
from served.grpc_fakes import FakeServable
from served.grpc_servers import embedded
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2

from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.versions.model_config import (
    read_model_config,
    single_model_config,
)


def status_request(name="tiny", version=None, label=None):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = name
    if version is not None:
        request.model_spec.version.value = version
    if label is not None:
        request.model_spec.version_label = label
    return request


def statuses(client, **spec):
    """[(version, state, code, text)], newest first."""
    answer = client.models.GetModelStatus(status_request(**spec), timeout=30)
    state = get_model_status_pb2.ModelVersionStatus.State
    return [
        (
            status.version,
            state.Name(status.state),
            status.status.error_code,
            status.status.error_message,
        )
        for status in answer.model_version_status
    ]


def code_and_text(method, request):
    with pytest.raises(grpc.RpcError) as info:
        method(request, timeout=30)
    return info.value.code().value[0], info.value.details()


ONE = (1, "AVAILABLE", 0, "")
TWO = (2, "AVAILABLE", 0, "")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, [TWO, ONE]),
        ({"version": 1}, [ONE]),
        ({"label": "stable"}, [TWO, ONE]),  # as upstream, no label is looked at
        ({"label": "nightly"}, [TWO, ONE]),
    ],
)
def test_versions_are_told(grpc_server, spec, expected):
    assert statuses(grpc_server, **spec) == expected


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        (get_model_status_pb2.GetModelStatusRequest(), 3, "Missing ModelSpec"),
        (
            status_request("nobody"),
            5,
            "Could not find any versions of model nobody",
        ),
        (
            status_request(version=9),
            5,
            "Could not find version 9 of model tiny",
        ),
    ],
)
def test_bad_status_requests(grpc_server, request_, code, text):
    method = grpc_server.models.GetModelStatus
    assert code_and_text(method, request_) == (code, text)


def test_loading_failed_and_unloaded_versions_are_told(config_file, tmp_path):
    base = tmp_path / "tiny"
    shutil.copytree(config_file.parent / "tiny", base)
    gate, begun = threading.Event(), threading.Event()

    def load(name, version, directory):
        if version == 2:
            raise ServingError(Code.DATA_LOSS, "it is damaged")
        if version == 3:
            begun.set()
            assert gate.wait(30)
        return FakeServable(name, version, directory)

    config = single_model_config("tiny", str(base))
    failed = (2, "END", 15, "it is damaged")
    with embedded(config, load=load) as server:
        assert statuses(server.client) == [failed]
        (base / "2").rename(base / "3")
        polled = threading.Thread(
            target=lambda: server.run(server.manager.poll())
        )
        polled.start()
        try:
            assert begun.wait(30)
            assert (3, "LOADING", 0, "") in statuses(server.client)
        finally:
            gate.set()
            polled.join()
        assert statuses(server.client, version=3) == [(3, "AVAILABLE", 0, "")]
        shutil.rmtree(base / "3")
        server.run(server.manager.poll())
        assert (1, "AVAILABLE", 0, "") in statuses(server.client)
        assert statuses(server.client, version=3)[0][1] in ("UNLOADING", "END")


def reload_request(text=""):
    request = model_management_pb2.ReloadConfigRequest()
    text_format.Parse(text, request.config)
    return request


def test_reload_is_off_unless_enabled(grpc_embedded):
    method = grpc_embedded.client.models.HandleReloadConfigRequest
    code, text = code_and_text(method, reload_request())
    assert code == 12
    assert "is not enabled" in text


def test_reload_replaces_the_models(config_file):
    base = config_file.parent / "tiny"
    entry = f'base_path: "{base}" model_platform: "tensorflow"'
    config = read_model_config(config_file)
    with embedded(config, load=FakeServable, enable_reload=True) as server:
        method = server.client.models.HandleReloadConfigRequest
        answer = method(reload_request(), timeout=30)
        assert answer.HasField("status")
        assert answer.status.error_code == 0
        assert statuses(server.client) == [TWO, ONE]
        twice = f'config {{ name: "b" {entry} }}' * 2
        code, _ = code_and_text(
            method, reload_request(f"model_config_list {{ {twice} }}")
        )
        assert code == 3
        assert statuses(server.client) == [TWO, ONE]
        once = f'config {{ name: "b" {entry} }}'
        method(reload_request(f"model_config_list {{ {once} }}"), timeout=30)
        assert statuses(server.client, name="b") == [TWO]
        method = server.client.models.GetModelStatus
        assert code_and_text(method, status_request())[0] == 5
