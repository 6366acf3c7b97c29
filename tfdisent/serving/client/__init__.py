"""The client of this server and of TensorFlow Serving, without TensorFlow.

References:
  tensorflow_serving/apis/{prediction,model}_service.proto and
  https://www.tensorflow.org/tfx/serving/api_rest
"""

from collections.abc import Coroutine
from typing import Any, TypeVar

from tfdisent.serving.client.async_client import AsyncClient
from tfdisent.serving.client.endpoints import Endpoints, Posterior, Samples
from tfdisent.serving.client.wire import ClientTls, Connection

__all__ = ["AsyncClient", "Client", "ClientTls", "Posterior", "Samples"]

_T = TypeVar("_T")


class Client(Endpoints):
    """`Endpoints` that block the calling thread, of any number of threads.

    with Client("localhost:8500", "beta_tcvae") as client:
        mean, stddev = client.encode(images)
    """

    def close(self) -> None:
        """Closes the connections; no call may run or come after."""
        self._result(self._calls.close())

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # The libraries are slow to import, and one of them is used.
    def _connection(self, is_rest: bool) -> type[Connection]:
        if is_rest:
            from tfdisent.serving.client.urllib3_connection import BlockingHttp

            return BlockingHttp
        from tfdisent.serving.client.grpc_connection import BlockingGrpc

        return BlockingGrpc

    def _result(self, call: Coroutine[Any, Any, _T]) -> _T:
        # A blocking connection never waits, so neither does the call: its
        # first step is its last.
        try:
            call.send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError("a blocking connection waited")
