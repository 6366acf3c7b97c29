"""A gRPC call that is refused before its request is read."""

import grpc

from tfdisent.serving.status import ServingError

_STATUS = {status.value[0]: status for status in grpc.StatusCode}


def refusing_handler(error: ServingError) -> grpc.RpcMethodHandler:
    """Gives every call the same error; for interceptors to return."""

    async def refuse(messages, context):
        await context.abort(_STATUS[error.code], error.message)

    # As if of a stream, which gRPC leaves to the handler to read.
    return grpc.stream_unary_rpc_method_handler(refuse)
