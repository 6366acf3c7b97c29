"""Keeps gRPC from telling of clients that go; imported before grpc.

Its C++ side would write to stderr of every client that hangs up, and of a port
in use in a line beside ours. Its Python side would log a trace for a client
that goes while its answer is written. What matters reaches us as an exception.
"""

import logging
import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")


def _matters(record: logging.LogRecord) -> bool:
    kind = record.exc_info and record.exc_info[0]
    return not kind or kind.__name__ != "ExecuteBatchError"


logging.getLogger("grpc._cython.cygrpc").addFilter(_matters)
