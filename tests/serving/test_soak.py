"""Good and bad clients for a while: nothing of the bad ones stays behind."""

import asyncio
import contextlib
import functools
import gc
import gzip
import random
import shutil
import socket
import struct
import sys
import time

import grpc
import numpy as np
import psutil
import pytest
from export_models import serve
from served.asker import PROTOCOLS, Asker, assert_answers, rest_body
from served.predict_requests import predict_request, tensor
from served.servers import running

MB = 2**20
PREDICT = "/v1/models/tiny:predict"
METHOD = "/tensorflow.serving.PredictionService/Predict"
RNG = np.random.default_rng(0)
IMAGES = RNG.random((3, 4, 3, 2), np.float32)
CODES = RNG.standard_normal((3, 5), np.float32)
SEED = np.array([3, -1, 2**62])
MOVES = {"latent": np.array([0, 4, 2]), "values": CODES}
CALLS = [
    ("encode", {"images": IMAGES}),
    ("encode_sample", {"images": IMAGES, "seed": SEED}),
    ("decode", {"codes": CODES}),
    ("reconstruct", {"images": IMAGES}),
    ("sample", {"seed": SEED}),
    ("traverse", {"codes": CODES, **MOVES}),
    ("traverse_images", {"images": IMAGES, **MOVES}),
]
LARGE = rest_body("rows", "encode", {"images": np.zeros((100, 4, 3, 2))})
BODIES = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"instances":' + b"[" * 500 + b"]" * 500 + b"}",
    b'{"inputs": {"images": [[[[1, 2], [3]]]]}}',
    b'{"instances": [[[["a", null], [true, {}]]]]}',
    rest_body("rows", "encode", {"images": IMAGES[..., :1]}).encode(),
    rest_body("columns", "traverse", {"codes": CODES}).encode(),
    b'{"inputs": {' + b",".join(b'"%d":1' % i for i in range(9999)) + b"}}",
]
INFLATED = [
    gzip.compress(b'{"instances": [' + b"0," * MB),
    gzip.compress(b"{}")[:-9],
    b"no gzip",
]
HOSTILE = predict_request(images=tensor([2**20, 2**20], float_val=[0]))
MESSAGES = [b"", b"\xff", bytes(1000), HOSTILE.SerializeToString()]
# It dies with five requests half sent, and as many answers unread.
CRASHER = """
import socket, sys, time
sockets = []
for part in sys.argv[2], sys.argv[2][:-9]:
    for _ in range(5):
        one = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        one.sendall(part.encode())
        sockets.append(one)
print("sent", flush=True)
time.sleep(600)
"""


def http_request(body):
    return f"POST {PREDICT} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}"


@pytest.fixture(scope="module")
def said(exported):
    return serve(exported, CALLS)


async def good(asker, said):
    """Asks in all ways, and checks the values."""
    for i, (name, inputs) in enumerate(CALLS):
        for protocol in PROTOCOLS:
            answer = await asker.ask(protocol, "tiny", name, inputs)
            assert_answers(answer, said[i])


async def hostile_rest(asker):
    """Bodies that are refused."""
    requests = [(body, {}) for body in BODIES]
    requests += [(body, {"Content-Encoding": "gzip"}) for body in INFLATED]
    for body, headers in requests:
        async with asker.session.post(
            PREDICT, data=body, headers=headers
        ) as response:
            assert 400 <= response.status < 500
            assert (await response.json()).keys() == {"error"}


async def hostile_grpc(asker):
    """Messages that are refused."""
    for content in MESSAGES:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asker.channel.unary_unary(METHOD)(content)
        assert caught.value.code().name == "INVALID_ARGUMENT", caught.value


async def cancelled(asker):
    """Calls that their clients give up, over both protocols."""
    name, inputs = random.choice(CALLS)
    rows = {key: np.repeat(x, 100, 0) for key, x in inputs.items()}
    for protocol in PROTOCOLS:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(random.random() * 0.02):
                await asker.ask(protocol, "tiny", name, rows)


async def broken_off(asker, server):
    """Connections that are reset after some bytes, to either port."""
    request = f"{http_request(LARGE)}\r\n\r\n{LARGE}".encode()
    starts = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", random.randbytes(99)]
    for address in (server.grpc, server.rest.removeprefix("http://")):
        for content in [request, *starts]:
            reader, writer = await asyncio.open_connection(*address.split(":"))
            size = random.randint(1, len(content))
            writer.write(content[:size])
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger
            )
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def crashing(asker, server):
    """A process that is killed amid its requests."""
    port = server.rest.rpartition(":")[2]
    request = f"{http_request(LARGE)}\r\n\r\n{LARGE}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-c", CRASHER, port, request),
        stdout=asyncio.subprocess.PIPE,
    )
    await process.stdout.readline()
    process.kill()
    await process.wait()


async def traffic(server, said, seconds, watch):
    """Clients of all kinds, two of each; `watch` is called each second."""
    kinds = [
        functools.partial(good, said=said),
        hostile_rest,
        hostile_grpc,
        cancelled,
        functools.partial(broken_off, server=server),
        functools.partial(crashing, server=server),
    ]
    until = time.monotonic() + seconds
    turns = [0] * len(kinds)

    async def client(number):
        while time.monotonic() < until:
            # Connections come and go too.
            async with Asker(server) as asker:
                for _ in range(10):
                    await kinds[number](asker)
                    turns[number] += 1
                    if time.monotonic() > until:
                        break
                    # A flood would be another test.
                    await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as group:
        for number in range(len(kinds)):
            for _ in range(2):
                group.create_task(client(number))
        while time.monotonic() < until:
            await asyncio.sleep(1)
            watch()
    assert min(turns) > 1
    return turns


def wait_until_quiet(process, descriptors):
    """Waits until no more descriptors are open than once."""
    # A channel here keeps its connection until its cancelled calls are gone.
    gc.collect()
    end = time.monotonic() + 60
    while process.num_fds() > descriptors:
        assert time.monotonic() < end, process.connections()
        time.sleep(0.1)


@pytest.mark.parametrize(
    "seconds", [3, pytest.param(240, marks=pytest.mark.slow)]
)
def test_bad_clients_leave_nothing_behind(exported, said, tmp_path, seconds):
    shutil.copytree(exported, tmp_path / "1")
    memory = []
    with running(
        f"--model_base_path={tmp_path}",
        "--model_name=tiny",
        seconds=2 * seconds + 120,
    ) as server:
        process = psutil.Process(server.process.pid)
        descriptors = process.num_fds()
        asyncio.run(traffic(server, said, 3, lambda: None))
        wait_until_quiet(process, descriptors + 5)
        threads, descriptors = process.num_threads(), process.num_fds()
        turns = asyncio.run(
            traffic(
                server,
                said,
                seconds,
                lambda: memory.append(process.memory_info().rss / MB),
            )
        )
        wait_until_quiet(process, descriptors)
        # Of peaks: the allocator gives memory back now and again.
        half = len(memory) // 2
        growth = max(memory[half:]) - max(memory[:half])
        print(turns, threads, process.num_threads(), descriptors)
        print(f"{growth:.1f} MB more;", np.round(memory[:: half // 10 + 1]))
        # Threads for each signature are started as they are needed.
        assert process.num_threads() <= threads + 16
        if seconds > 60:
            assert growth < seconds / 2 / 60  # 1 MB a minute
        assert "Traceback" not in server.log()
        assert server.stop() == 0
