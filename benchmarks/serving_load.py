"""Clients that ask a server as fast as it answers, in a process of their own.

Requests are written once and answers only read off the wire: what is measured
is the server, not numpy at the other end.
"""

import asyncio
import gc
import time
from typing import NamedTuple

import aiohttp
import grpc
import numpy as np
import uvloop

_PREDICT = "/tensorflow.serving.PredictionService/Predict"
WARM_UP_SECONDS = 0.5


class Request(NamedTuple):
    """What is sent, again and again.

    Attributes:
      protocol: "gRPC" or "REST".
      address: "host:port", for REST with the path behind it.
      body: the message or the JSON text.
      rows: images in it.
    """

    protocol: str
    address: str
    body: bytes
    rows: int


class Load(NamedTuple):
    """What came of it; times in milliseconds; `asked` with the warm-up."""

    clients: int
    requests_per_second: float
    images_per_second: float
    p50: float
    p99: float
    asked: int


def run_load(request: Request, clients: int, seconds: float) -> Load:
    """Asks with that many requests in flight.

    Raises:
      RuntimeError: a request failed.
    """
    # Pauses of the collector here would pass for the server's.
    gc.disable()
    try:
        return uvloop.run(_run(request, clients, seconds))
    finally:
        gc.enable()


async def _run(request: Request, clients: int, seconds: float) -> Load:
    ask = _ask_grpc if request.protocol == "gRPC" else _ask_rest
    calls: list[tuple[float, float]] = []
    start = time.perf_counter() + WARM_UP_SECONDS
    await ask(request, clients, start + seconds, calls)
    # What has begun is waited for, however slow, and counts.
    counted = [(x, y) for x, y in calls if y >= start]
    latencies = [after - before for before, after in counted]
    p50, p99 = (np.percentile(latencies, [50, 99]) * 1e3).tolist()
    rate = len(counted) / (max(after for _, after in counted) - start)
    return Load(clients, rate, rate * request.rows, p50, p99, len(calls))


async def _repeat(call, end: float, calls: list[tuple[float, float]]):
    before = time.perf_counter()
    while before < end:
        await call()
        after = time.perf_counter()
        calls.append((before, after))
        before = after


async def _ask_grpc(request, clients, end, calls):
    options = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
    ]
    async with grpc.aio.insecure_channel(
        request.address, options=options
    ) as channel:
        # Without serializers bytes go in and out.
        predict = channel.unary_unary(_PREDICT)

        async def call():
            await predict(request.body, timeout=60)

        tasks = [_repeat(call, end, calls) for _ in range(clients)]
        await asyncio.gather(*tasks)


async def _ask_rest(request, clients, end, calls):
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def call():
            async with session.post(
                f"http://{request.address}", data=request.body
            ) as answer:
                content = await answer.read()
                if answer.status != 200:
                    raise RuntimeError(content[:200])

        tasks = [_repeat(call, end, calls) for _ in range(clients)]
        await asyncio.gather(*tasks)
