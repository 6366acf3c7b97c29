"""What a server takes from one client, so that it goes on serving all."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Limits of a server; TensorFlow Serving has few of them.

    Attributes:
      body_bytes: of a REST body, inflated, or of a gRPC message. REST bodies
        over 256 KiB that are read at a time have 4 times as much together.
      json_depth: nesting of lists and objects in a REST body.
      elements: numbers or strings in all tensors of a request.
      rows: batch size of a request.
      concurrent_requests: requests of all clients from their headers to the
        last byte of their answers, and calls of one gRPC connection.
      waiting_rows: rows that wait for one signature of one version, and
        rows' work of one request, such as the images of its traversals.
      request_seconds: from the last byte of a request to its answer.
      read_seconds: from the first byte of a request to its last, and for a
        client to take an answer.
      is_strict: also refuse what TensorFlow Serving lets pass: NaN and
        infinities, unknown keys, and text after the body.
    """

    body_bytes: int = 64 * 2**20
    json_depth: int = 64
    elements: int = 2**24
    rows: int = 4096
    concurrent_requests: int = 1024
    waiting_rows: int = 16384
    request_seconds: float = 30.0
    read_seconds: float = 30.0
    is_strict: bool = False
