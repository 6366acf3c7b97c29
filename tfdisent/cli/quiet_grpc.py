"""Keeps gRPC's C++ side from writing to stderr; imported before grpc.

It would tell of every client that hangs up, and of a port in use in a line
beside ours. What matters reaches Python as an exception.
"""

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
