"""One gRPC call: a message in, a message or a status out."""

import asyncio
import dataclasses
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import grpc
from google.protobuf.message import DecodeError

from tfdisent.serving.limits import Limits
from tfdisent.serving.monitoring import Monitoring
from tfdisent.serving.rpc.field_count import MAX_FIELDS, has_too_many_fields
from tfdisent.serving.status import Code, ServingError

_STATUS = {Code(status.value[0]): status for status in grpc.StatusCode}
# As TensorFlow Serving cuts it: the text is a header, and headers are small.
_TEXT_BYTES = 1024
_log = logging.getLogger(__name__)


@dataclasses.dataclass
class Call:
    """What is known of a call while it runs.

    Attributes:
      deadline: when the answer is due, by the loop's clock, once its request
        is there.
      model: name in the request, once it is read.
      version: that answers, once it is found.
    """

    deadline: float = math.inf
    model: str = ""
    version: int | None = None


class Method(NamedTuple):
    """A method of a service, from one message to one message.

    Attributes:
      request: class of the request.
      answer: takes the request and its `Call`, which it completes, and gives
        the response. Raises ServingError.
    """

    request: type
    answer: Callable[[Any, Call], Awaitable[Any]]


def service_handler(
    service: str,
    methods: Mapping[str, Method],
    limits: Limits,
    monitoring: Monitoring,
) -> grpc.GenericRpcHandler:
    """The handler of one service for `grpc.aio.Server`.

    A request that cannot be read is the client's fault, so messages are parsed
    here: gRPC would call it INTERNAL. What nobody foresaw is INTERNAL, and
    only the log tells more.
    """
    return grpc.method_handlers_generic_handler(
        service,
        {
            # As if of a stream, for `_receive` to limit its time.
            name: grpc.stream_unary_rpc_method_handler(
                _handler(name, method, limits, monitoring)
            )
            for name, method in methods.items()
        },
    )


def _handler(
    name: str, method: Method, limits: Limits, monitoring: Monitoring
) -> Callable[[Any, grpc.aio.ServicerContext], Awaitable[bytes]]:
    async def handle(messages, context):
        start = time.perf_counter()
        call = Call()
        code = Code.OK
        try:
            content = await _receive(context, limits.read_seconds)
            call.deadline = _now() + _seconds(context)
            request = _parse(content)
            answer = await method.answer(request, call)
            return answer.SerializeToString()
        except asyncio.CancelledError:
            is_late = context.time_remaining() == 0
            code = Code.DEADLINE_EXCEEDED if is_late else Code.CANCELLED
            raise
        except ServingError as error:
            code = error.code
            await context.abort(_STATUS[code], _cut(error.message))
        except Exception:
            code = Code.INTERNAL
            _log.exception("%s failed", name)
            await context.abort(_STATUS[code], "internal error")
        finally:
            seconds = time.perf_counter() - start
            monitoring.observe(
                call.model, call.version, "GRPC", name, code, seconds
            )

    def _seconds(context):
        remaining = context.time_remaining()
        if remaining is None:
            return limits.request_seconds
        return min(remaining, limits.request_seconds)

    def _parse(content):
        if has_too_many_fields(content, method.request.DESCRIPTOR):
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"the message has more than {MAX_FIELDS} fields",
            )
        try:
            return method.request.FromString(content)
        except DecodeError:
            raise ServingError(
                Code.INVALID_ARGUMENT, f"the message is no request of {name}"
            ) from None

    return handle


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _receive(context: grpc.aio.ServicerContext, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            content = await context.read()
    except TimeoutError:
        raise ServingError(
            Code.DEADLINE_EXCEEDED, "The request took too long to arrive."
        ) from None
    if content is grpc.aio.EOF:
        raise ServingError(Code.INVALID_ARGUMENT, "The call has no message.")
    return content


def _cut(text: str) -> str:
    content = text.encode()
    if len(content) <= _TEXT_BYTES:
        return text
    return content[:_TEXT_BYTES].decode(errors="ignore") + "...TRUNCATED"
