"""A server as a process: its start, its signals and its end."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import threading
import time

import grpc
import pytest
from served.predict_requests import tensor
from served.raw_http2 import deaf_connection, send_call
from served.servers import running, starting
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

BODY = json.dumps({"signature_name": "decode", "instances": [[0.0] * 5]})
METHOD = "/tensorflow.serving.PredictionService/Predict"
WATCH = "/grpc.health.v1.Health/Watch"
PREDICT = "/v1/models/tiny:predict"
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ [A-Z]+ ")
# What TensorFlow's C++ library writes by itself.
NATIVE = re.compile(r"[IWEF]\d{4} |WARNING: All log messages before")


REQUEST = predict_pb2.PredictRequest()
REQUEST.model_spec.name = "tiny"
REQUEST.model_spec.signature_name = "decode"
REQUEST.inputs["codes"].CopyFrom(tensor([1, 5], float_val=[0]))


@pytest.fixture
def base(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "tiny" / "1")
    return tmp_path / "tiny"


def of(base):
    return f"--model_base_path={base}", "--model_name=tiny"


def stuck_version(base, number):
    """A version whose load never ends: its graph comes through a pipe."""
    new = base / ".new"
    new.mkdir()
    os.mkfifo(new / "saved_model.pb")
    (new / "variables").mkdir()
    (new / "variables" / "variables.index").touch()
    new.rename(base / str(number))


class HalfRequest:
    """A REST request whose body comes in two parts."""

    def __init__(self, server):
        address = server.rest.removeprefix("http://")
        self._connection = http.client.HTTPConnection(address, timeout=60)
        self._connection.putrequest("POST", PREDICT)
        self._connection.putheader("Content-Length", len(BODY))
        self._connection.endheaders(BODY[:10].encode())
        # An answer to a later request means that this one has begun.
        assert server.get("/healthz")[0] == 200

    def finish(self):
        """Status of the answer."""
        self._connection.send(BODY[10:].encode())
        return self._connection.getresponse().status


def predict(channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    try:
        stub.Predict(REQUEST, timeout=60)
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


@contextlib.contextmanager
def load(server, clients=4):
    """Clients over gRPC that go on until one is refused; yields the codes."""
    codes = []

    def call():
        with grpc.insecure_channel(server.grpc) as channel:
            while not codes or codes[-1] == "OK":
                codes.append(predict(channel))

    threads = [threading.Thread(target=call) for _ in range(clients)]
    for thread in threads:
        thread.start()
    yield codes
    for thread in threads:
        thread.join(60)


def test_it_says_what_it_serves_and_ends_what_is_in_flight(base):
    with running(*of(base)) as server:
        assert "model     tiny, version 1\n" in server.printed
        assert f"gRPC      {server.grpc}\n" in server.printed
        libraries = pathlib.Path(f"/proc/{server.process.pid}/maps").read_text()
        assert "libtensorflow_cc" in libraries
        assert "_pywrap_tensorflow" not in libraries
        with load(server) as codes:
            half = HalfRequest(server)
            while len(codes) < 100:
                time.sleep(0.005)
            server.process.send_signal(signal.SIGTERM)
            server.wait_for_log("SIGTERM: no request is taken any more")
            assert server.process.poll() is None
            assert half.finish() == 200
            assert server.process.wait(60) == 0
        assert set(codes) == {"OK", "UNAVAILABLE"}
        assert "the requests in flight have ended" in server.log()


def test_a_second_signal_ends_it_at_once(base):
    with running(*of(base)) as server:
        stuck = HalfRequest(server)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_log("SIGTERM")
        assert server.stop(signal.SIGINT) == 128 + signal.SIGINT
        del stuck


def test_a_stuck_client_is_broken_off_after_the_grace(base):
    with running(*of(base), "--grace_seconds=0.2") as server:
        stuck = HalfRequest(server)
        assert server.stop() == 1
        assert "requests that took too long were broken off" in server.log()
        del stuck


def test_with_nothing_in_flight_no_grace_is_enough(base):
    with running(*of(base), "--grace_seconds=0") as server:
        assert server.get("/readyz")[0] == 200
        assert server.stop() == 0


def test_clients_that_never_read_are_no_reason_to_wait(base):
    with running(*of(base)) as server:
        port = int(server.grpc.rpartition(":")[2])
        with deaf_connection(port) as connection:
            for stream in range(1, 101, 2):
                send_call(connection, stream, WATCH, b"")
            with grpc.insecure_channel(server.grpc) as channel:
                assert predict(channel) == "OK"
            start = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - start < 10


def test_clients_that_go_leave_no_line_in_the_log(base):
    with running(*of(base)) as server:
        port = int(server.grpc.rpartition(":")[2])
        lines = server.log().count("\n")
        for _ in range(5):
            with deaf_connection(port) as connection:
                send_call(connection, 1, METHOD, REQUEST.SerializeToString())
                send_call(connection, 3, WATCH, b"")
                # An answer to a later call means that these have begun.
                with grpc.insecure_channel(server.grpc) as channel:
                    assert predict(channel) == "OK"
        assert server.get("/readyz")[0] == 200
        assert server.log().count("\n") == lines


def test_it_ends_while_the_first_version_loads(base):
    shutil.rmtree(base / "1")
    stuck_version(base, 1)
    with starting(*of(base)) as server:
        server.wait_for_log("tiny version 1: loading")
        assert server.stop() == 0


def test_it_ends_while_another_version_loads(base):
    with running(*of(base), "--file_system_poll_wait_seconds=0.05") as server:
        stuck_version(base, 2)
        server.wait_for_log("tiny version 2: loading")
        half = HalfRequest(server)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_log("SIGTERM")
        assert half.finish() == 200
        assert server.process.wait(60) == 0


def test_a_killed_server_starts_again_on_the_same_ports(base, tmp_path):
    path = tmp_path / "grpc.sock"
    flags = (*of(base), f"--grpc_socket_path={path}")
    with running(*flags) as server:
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    assert path.exists()
    ports = [
        address.rpartition(":")[2] for address in (server.grpc, server.rest)
    ]
    same = (f"--port={ports[0]}", f"--rest_api_port={ports[1]}")
    with running(*flags, *same) as again:
        assert (again.grpc, again.rest) == (server.grpc, server.rest)
        for address in (server.grpc, f"unix:{path}"):
            with grpc.insecure_channel(address) as channel:
                assert predict(channel) == "OK"
        # And a second one beside it says so.
        with starting(*of(base), *same) as second:
            assert second.process.wait(60) == 1
            said = f"error: the port {ports[0]} on 127.0.0.1 is in use: "
            assert second.log().startswith(said)
            assert second.log().count("\n") == 1


def test_sighup_reads_the_config_again(base, tmp_path):
    file = tmp_path / "models.config"
    entry = (
        "config {{ name: '{}' base_path: '{}' model_platform: 'tensorflow' }}"
    )
    text = "model_config_list {{ {} }}"
    one = entry.format("tiny", base)
    file.write_text(text.format(one))
    with running(f"--model_config_file={file}") as server:
        file.write_text(text.format("nonsense"))
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("config stays as it was")
        file.write_text(text.format(one + entry.format("twin", base)))
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("twin version 1: available")
        server.wait_for_log("config: 2 models")
        assert server.get("/v1/models/twin")[0] == 200
        assert server.stop() == 0


def test_it_waits_for_a_model_and_logs_one_line_an_event(tmp_path, exported):
    base = tmp_path / "tiny"
    base.mkdir()
    poll = "--file_system_poll_wait_seconds=0.05"
    secret = "a-token-that-nobody-logs"
    (tmp_path / "token").write_text(secret)
    token = f"--token_file={tmp_path / 'token'}"
    with running(*of(base), poll, token) as server:
        assert "tiny, version none that answers yet" in server.printed
        assert server.get("/readyz")[0] == 503
        shutil.copytree(exported, base / ".1")
        (base / ".1").rename(base / "1")
        server.wait_for_log("tiny version 1: available")
        assert server.get("/readyz")[0] == 200
        # Names in requests, and broken ones, forge no line.
        for path in (
            "/v1/models/a%0A2026-01-01T00:00:00Z%20INFO%20forged:predict",
            "/v1/models/%1b%5b31m:predict",
        ):
            assert server.post(path, {"instances": [1]})[0] == 401
        (base / "2\n2026-01-01T00:00:00Z INFO forged").mkdir()
        (base / "7").mkdir()
        server.wait_for_log("tiny version 7: loading failed")
        assert server.stop() == 0
        lines = server.log().splitlines()
        assert not [
            line
            for line in lines
            if not TIME.match(line) and not NATIVE.match(line)
        ]
        assert not [line for line in lines if line[21:] == "INFO forged"]
        assert secret not in server.log() and "instances" not in server.log()


def test_it_survives_the_limit_of_descriptors(base):
    with running(*of(base)) as server:
        pid = server.process.pid
        in_use = len(os.listdir(f"/proc/{pid}/fd"))
        limits = (in_use + 8, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1])
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        addresses = [
            ("127.0.0.1", int(address.rpartition(":")[2]))
            for address in (server.grpc, server.rest)
        ]
        with contextlib.ExitStack() as stack:
            for address in addresses * 30:
                stack.enter_context(socket.create_connection(address))
            server.wait_for_log("Too many open files")
            assert server.process.poll() is None
        assert ready_soon(server)
        with grpc.insecure_channel(server.grpc) as channel:
            assert predict(channel) == "OK"


def ready_soon(server):
    """Whether it is, once it has seen that others have closed."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        # What comes before that is accepted and closed.
        with contextlib.suppress(OSError):
            return server.get("/readyz")[0] == 200
        time.sleep(0.01)
    return False


def hears_the_terminal():
    # Whoever runs these tests under nohup ignores it, and children inherit.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_a_warning_of_other_machines_and_the_end_of_a_terminal(base):
    flags = (*of(base), "--host=0.0.0.0")
    with running(*flags, preexec_fn=hears_the_terminal) as server:
        assert "WARNING other machines reach 0.0.0.0: give" in server.log()
        assert server.stop(signal.SIGHUP) == -signal.SIGHUP
