"""Where the server differs from TensorFlow Serving on purpose."""

import textwrap
from typing import NamedTuple


class Difference(NamedTuple):
    """One difference.

    Attributes:
      what: it is about.
      theirs: what TensorFlow Serving does.
      ours: what this server does.
      switch: the flag that gives theirs, or how else to have it; "" for no
        way.
    """

    what: str
    theirs: str
    ours: str
    switch: str = ""


DIFFERENCES = (
    Difference(
        "address",
        "all interfaces",
        "127.0.0.1",
        "--host=0.0.0.0",
    ),
    Difference(
        "REST and metrics",
        "off unless a port and a file are given",
        "on, at port 8501 and /monitoring/prometheus/metrics",
        "--rest_api_port=0; --monitoring_config_file",
    ),
    Difference(
        "TLS",
        "for gRPC alone; certificates are read at the start",
        "for gRPC and REST, TLS 1.2 or newer; a new file counts for the next"
        " connection",
    ),
    Difference(
        "token",
        "none",
        "with --token_file, requests need it; health does not",
        "without --token_file",
    ),
    Difference(
        "SIGTERM",
        "is not handled: the requests in flight fail, or, in a container,"
        " nothing happens",
        "readiness says no, new requests are refused, those in flight end",
        "--grace_seconds=0 lets them fail",
    ),
    Difference(
        "health",
        "gRPC's service is optional and always SERVING; REST has none",
        "SERVING while each model has a version that answers; REST has"
        " /healthz, /readyz and a list at /v1/models",
    ),
    Difference(
        "reload over gRPC",
        "HandleReloadConfigRequest is open to all, for any folder; a refused"
        " config may be half taken",
        "off; within --model_roots; whole or not at all",
        "--enable_model_reload --model_roots=/",
    ),
    Difference(
        "size of a request",
        "2 GiB; no limit over REST",
        "64 MiB, inflated; limits on nesting, numbers and rows too",
        "--max_body_bytes and the other --max flags",
    ),
    Difference(
        "time for a request",
        "gRPC: what the client gives",
        "gRPC too: at most --rest_api_timeout_in_ms",
        "--rest_api_timeout_in_ms",
    ),
    Difference(
        "batching",
        "off; requests of different shapes fail each other",
        "what waits runs together, after each was checked",
        "--enable_batching=false for none",
    ),
    Difference(
        "small integers over REST",
        "300 wraps around in uint8",
        "INVALID_ARGUMENT",
    ),
    Difference(
        "JSON over REST",
        "NaN, unknown keys and text after the body pass",
        "the same, or 400 with --strict",
        "without --strict",
    ),
    Difference(
        "answers",
        "numbers in typed fields of a TensorProto",
        "numbers in tensor_content; clients read both",
    ),
    Difference(
        "damaged versions",
        "one without variables is AVAILABLE and fails each request",
        "it fails to load, and the version before goes on",
    ),
    Difference(
        "base path",
        "may be the URI of a bucket",
        "a folder of this machine; mount the bucket",
    ),
    Difference(
        "Classify, Regress, MultiInference",
        "run signatures of these kinds",
        "UNIMPLEMENTED",
    ),
)


def differences_table() -> str:
    """The differences as text for a terminal."""
    return "\n\n".join(map(_shown, DIFFERENCES))


def _shown(row: Difference) -> str:
    lines = [row.what]
    parts = [("theirs", row.theirs), ("here", row.ours)]
    parts.append(("theirs by", row.switch or "no flag"))
    for title, text in parts:
        lines.append(
            textwrap.fill(
                text,
                79,
                initial_indent=f"  {title:11}",
                subsequent_indent=" " * 13,
            )
        )
    return "\n".join(lines)
