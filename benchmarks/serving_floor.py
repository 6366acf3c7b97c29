"""Servers whose handlers do nothing: what gRPC and HTTP alone cost.

Run as a process; prints its two addresses as JSON and serves until it is
killed. The first argument is the length of each answer in bytes.
"""

import asyncio
import json
import sys

import grpc
import uvloop
from aiohttp import web


async def serve(length: int):
    answer = bytes(length)

    async def predict(request, context):
        return answer

    handlers = {"Predict": grpc.unary_unary_rpc_method_handler(predict)}
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                "tensorflow.serving.PredictionService", handlers
            )
        ]
    )
    grpc_port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async def post(request):
        await request.read()
        return web.Response(body=answer)

    app = web.Application(client_max_size=2**30)
    app.router.add_post("/", post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    rest_port = site._server.sockets[0].getsockname()[1]
    addresses = [f"127.0.0.1:{grpc_port}", f"127.0.0.1:{rest_port}/"]
    print(json.dumps(addresses), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
