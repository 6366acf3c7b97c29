"""Requests nobody foresaw: a defined answer, and the server goes on."""

import contextlib
import json
import os
import re
import select
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

import grpc
import hypothesis
import pytest
from export_models import TinyModel
from served.fuzz_http import MAX_BODY_BYTES, bodies, raw_requests
from served.fuzz_messages import messages
from served.fuzz_strategies import IMAGE_SHAPE, QUICK, fuzz
from served.rest_servers import Client, read_all
from served.servers import running

from tfdisent.export.saved_model import export_model

SECRETS = re.compile(rb"Traceback|tfdisent/|\.py\b|/models_of_fuzzing")
BODY_STATUSES = {200, 400, 404, 413, 415}
RAW_STATUSES = BODY_STATUSES | {408, 417, 431}
CODES = {
    "OK",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "FAILED_PRECONDITION",
    "RESOURCE_EXHAUSTED",
    "OUT_OF_RANGE",
}
METHOD = "/tensorflow.serving.PredictionService/Predict"
SECONDS = 20  # for any answer
HEAD = re.compile(rb"HTTP/\d\.\d (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
GOOD = {"inputs": {"codes": [[0.25] * 5], "latent": [1], "values": [[1, 2]]}}
GOOD["signature_name"] = "traverse"


class Target(NamedTuple):
    process: object
    rest: Client
    predict: object


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of a model."""
    folder = tmp_path_factory.mktemp("models_of_fuzzing")
    export_model(TinyModel(IMAGE_SHAPE), folder)
    return folder


@contextlib.contextmanager
def serving(folder):
    """Yields the `Target` of a server, which must end as it began."""
    flags = (
        f"--model_base_path={folder}",
        "--model_name=tiny",
        f"--max_body_bytes={MAX_BODY_BYTES}",
        "--read_seconds=5",
    )
    with (
        running(*flags) as process,
        grpc.insecure_channel(process.grpc) as channel,
    ):
        parts = urlsplit(process.rest)
        target = Target(
            process,
            Client(parts.hostname, parts.port),
            channel.unary_unary(METHOD),
        )
        good, files = answer_to_good(target), descriptors(target)
        yield target
        assert answer_to_good(target) == good
        assert descriptors(target) <= files + 8
        assert "Traceback" not in process.log()


@pytest.fixture(scope="module")
def target(folder):
    with serving(folder) as target:
        yield target


def answer_to_good(target):
    answer = target.rest.predict(GOOD)
    assert answer.status == 200
    return answer.json["outputs"]


def descriptors(target):
    return len(os.listdir(f"/proc/{target.process.process.pid}/fd"))


def check_answer(status, headers, body):
    """Only what the protocol has, and nothing of the inside."""
    assert not SECRETS.search(headers + body)
    if b"application/json" not in headers.lower():
        assert status == 200
        return
    content = json.loads(body)
    if status != 200:
        (text,) = content.values()
        assert content.keys() == {"error"}
        assert type(text) is str


def check_body(target, example):
    body, headers = example
    answer = target.rest.predict(body, headers=headers)
    assert answer.status in BODY_STATUSES, answer
    assert "application/json" in answer.headers["content-type"]
    check_answer(answer.status, str(answer.headers).encode(), answer.body)
    if answer.status == 200:
        (key,) = answer.json
        assert key in ("predictions", "outputs")


def check_raw(target, content):
    """Whatever comes back is whole answers."""
    received = exchange(target.rest, content)
    while received:
        match = HEAD.match(received)
        assert match, received[:500]
        status, headers = int(match[1]), match[2]
        received = received[match.end() :]
        length = re.search(rb"(?i)^content-length: *(\d+)", headers, re.M)
        size = int(length[1]) if length else 0
        if received.startswith(b"HTTP/"):
            size = 0
        body, received = received[:size], received[size:]
        if status == 100:
            continue
        assert status in RAW_STATUSES, (status, body)
        if body:
            assert len(body) == size
            check_answer(status, headers, body)


def exchange(client, content):
    with client.connect() as connection:
        connection.settimeout(SECONDS)
        with contextlib.suppress(ConnectionError):
            connection.sendall(content)
            # If the request is not whole, no answer comes before its end.
            select.select([connection], [], [], 0.05)
            connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def check_message(target, content):
    try:
        target.predict(content, timeout=SECONDS)
        code, text = "OK", ""
    except grpc.RpcError as error:
        code, text = error.code().name, error.details()
    assert code in CODES, (code, text)
    assert not SECRETS.search(text.encode())


TARGETS = {
    "bodies": (bodies(), check_body, 500),
    "raw": (raw_requests(), check_raw, 300),
    "messages": (messages(), check_message, 1000),
}


@pytest.mark.parametrize("name", TARGETS)
def test_answers_what_nobody_foresaw(target, name):
    strategy, check, count = TARGETS[name]

    @hypothesis.settings(QUICK, max_examples=count)
    @hypothesis.given(strategy)
    def run(example):
        check(target, example)

    run()


def test_found_an_expectation_that_is_no_text(target):
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: \x80\r\n\r\n"
    assert exchange(target.rest, head).startswith(b"HTTP/1.1 417 ")


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_answers_for_minutes(folder, name):
    strategy, check, _ = TARGETS[name]
    with serving(folder) as target:
        fuzz(name, strategy, lambda x: check(target, x), seconds=75)
