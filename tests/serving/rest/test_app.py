"""What the embedded server has beside the protocol."""

import asyncio
import contextlib
import json
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest
from export_models import read_meta_graph
from google.protobuf import json_format
from served.rest_servers import LIMITS, embedded
from tensorflow_serving.apis import get_model_metadata_pb2

from tfdisent.serving.monitoring import Monitoring
from tfdisent.serving.status import HTTP_STATUS, Code, ServingError
from tfdisent.serving.token import Token
from tfdisent.serving.versions.model_config import read_model_config

GOOD = {"instances": [[[[0.0, 1.0]] * 3] * 4]}
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, GET",
    "access-control-allow-headers": "Content-Type",
}


@pytest.fixture(scope="module")
def server(config_file):
    with embedded(config=read_model_config(config_file)) as started:
        yield started


class FakeManager:
    """One model whose predict is a coroutine function of a test's."""

    def __init__(self, predict, signatures):
        self._servable = SimpleNamespace(
            name="m", version=7, signatures=signatures, predict=predict
        )
        self.ready = True
        self.users = 0

    def is_ready(self):
        return self.ready

    def models(self):
        return {}

    @contextlib.contextmanager
    def using(self, name, version=None, label=None):
        self.users += 1
        try:
            yield self._servable
        finally:
            self.users -= 1


@pytest.fixture
def serve(server):
    """Serves a fake predict with the signatures of the real model."""
    with server.manager.using("tiny") as servable:
        signatures = servable.signatures

    def start(predict, **options):
        manager = FakeManager(predict, signatures)
        return embedded(manager, **options)

    return start


def failing(error):
    async def predict(signature, inputs):
        raise error

    return predict


def test_lists_the_models(server):
    answer = server.client.get("/v1/models")
    versions = [{"version": n, "state": "AVAILABLE"} for n in ("2", "1")]
    assert answer.json == {"models": [{"name": "tiny", "versions": versions}]}


def test_metadata_is_what_the_official_messages_print(server, exported):
    content = server.client.get("/v1/models/tiny/metadata").json
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in read_meta_graph(exported).signature_def.items():
        signatures.signature_def[name].CopyFrom(signature)
    assert content["metadata"]["signature_def"] == json_format.MessageToDict(
        signatures,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    assert "serving_default" in signatures.signature_def


def test_tells_who_answered_and_how(server):
    del server.observed[:]
    server.client.predict(GOOD)
    server.client.predict(b"{")
    server.client.predict(GOOD, model="other")
    server.client.get("/v1/models/tiny")
    server.client.get("/v1/models/tiny/versions/1/metadata")
    server.client.get("/v1/models/tiny/oops")
    assert server.observed == [
        ("tiny", 2, "REST", "Predict", "OK"),
        ("tiny", None, "REST", "Predict", "INVALID_ARGUMENT"),
        ("other", None, "REST", "Predict", "NOT_FOUND"),
        ("tiny", None, "REST", "GetModelStatus", "OK"),
        ("tiny", 1, "REST", "GetModelMetadata", "OK"),
    ]


def test_probes(serve):
    with serve(None) as server:
        for method in ("GET", "HEAD"):
            for path in ("/healthz", "/readyz"):
                assert server.client.send(method, path).status == 200
        server.manager.ready = False
        assert server.client.get("/healthz").status == 200
        answer = server.client.get("/readyz")
        assert (answer.status, bool(answer.error)) == (503, True)


def test_metrics_have_the_path_they_are_given(serve):
    with serve(
        failing(None), monitoring=Monitoring(), metrics_path="/metrics"
    ) as server:
        answer = server.client.get("/metrics")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert b"process_resident_memory_bytes" in answer.body
        assert server.client.get("/metrics2").status == 404
        assert server.client.send("POST", "/metrics").status == 404
    with serve(None) as server:
        assert server.client.get("/metrics").status == 404


@pytest.mark.parametrize("cors", [True, False])
def test_other_origins_only_if_wanted(serve, cors):
    with serve(failing(ServingError(Code.ABORTED, "")), cors=cors) as server:
        for answer in (
            server.client.get("/healthz"),
            server.client.get("/v1/"),
            server.client.predict(GOOD),
            server.client.send(
                "OPTIONS", "/v1/models/m", headers={"Origin": "http://a"}
            ),
        ):
            assert (answer.headers.items() >= CORS.items()) == cors


def test_token(serve, tmp_path):
    secret = "0123456789abcdef"
    (tmp_path / "token").write_text(secret)
    token = Token(tmp_path / "token")
    with serve(None, token=token, metrics_path="/metrics") as server:
        server.manager.models = dict
        right = {"Authorization": f"Bearer {secret}"}
        for path in ("/v1/models", "/metrics", "/", "/v1/models/x:predict"):
            for headers in ({}, {"Authorization": "Bearer 0123456789abcdeg"}):
                answer = server.client.get(path, **headers)
                assert answer.status == 401
                assert answer.headers["www-authenticate"] == "Bearer"
                assert secret not in answer.error
        assert server.client.get("/v1/models", **right).status == 200
        for path in ("/healthz", "/readyz"):
            assert server.client.get(path).status == 200
        answer = server.client.send(
            "OPTIONS", "/v1/models/m", headers={"Origin": "http://a"}
        )
        assert answer.status == 200


@pytest.mark.parametrize("code", [code for code in Code if code])
def test_codes_become_statuses(serve, code):
    with serve(failing(ServingError(code, 'a "\ud800 é\n'))) as server:
        answer = server.client.predict(GOOD)
        assert answer.status == HTTP_STATUS[code]
        assert answer.error == 'a "\ud800 é\n'
        expected = [("tiny", 7, "REST", "Predict", code.name)]
        assert server.observed == expected


def test_what_nobody_foresaw_is_told_to_the_log_alone(serve, caplog):
    secret = RuntimeError("/secret/path weight 0.123")
    with serve(failing(secret)) as server:
        answer = server.client.predict(GOOD)
    assert (answer.status, answer.error) == (500, "internal error")
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert record.exc_info[1] is secret


def test_a_request_ends_at_its_deadline(serve):
    async def predict(signature, inputs):
        await asyncio.Event().wait()

    with serve(predict, limits=LIMITS._replace(request_seconds=0.1)) as server:
        answer = server.client.predict(GOOD)
        assert answer.status == 504
        assert "0.1 s" in answer.error
        assert not server.manager.users
        expected = [("tiny", 7, "REST", "Predict", "DEADLINE_EXCEEDED")]
        assert server.observed == expected


_opened = None


def _record(event, arguments):
    if _opened is not None and event == "open":
        _opened.append(arguments[0])


sys.addaudithook(_record)


@pytest.mark.parametrize(
    "name",
    [
        *("../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00"),
        *("/etc/passwd", "%2Fetc%2Fpasswd", "a/b", "..", ".", "~root"),
        *("%F0%9F%90%88", "a" * 8000, "a" * 10_000, "tiny%00", "tiny/../tiny"),
        *("file:%2F%2F%2Fetc%2Fpasswd", "%0d%0aX:%20y", "1", "tiny%2F1"),
    ],
)
def test_a_name_is_never_a_path(server, name):
    global _opened
    server.client.predict(GOOD)
    _opened = []
    try:
        for method, end in (
            ("POST", ":predict"),
            ("POST", "/versions/1:predict"),
            ("GET", ""),
            ("GET", "/metadata"),
        ):
            body = json.dumps(GOOD) if method == "POST" else None
            path = f"/v1/models/{name}{end}"
            answer = server.client.send(method, path, body)
            assert answer.status in (400, 404, 431)
            assert "passwd" not in answer.error or "etc" in path
            assert "x" not in answer.headers
        assert not _opened
    finally:
        _opened = None
    assert server.client.predict(GOOD).status == 200


def test_no_python_tensorflow():
    code = (
        "import sys; import tfdisent.serving.rest.connection;"
        "import tfdisent.serving.rest.app;"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
