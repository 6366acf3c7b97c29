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
    Difference("address", "all interfaces", "127.0.0.1", "--host=0.0.0.0"),
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
        "with --token_file, requests need it, health does not; a new file"
        " counts for the next request",
        "without --token_file",
    ),
    Difference(
        "SIGTERM",
        "is not handled: the requests in flight fail, or, in a container,"
        " nothing happens",
        "readiness says no, new requests get UNAVAILABLE or 503, those in"
        " flight have --grace_seconds to end",
        "--grace_seconds=0 lets them fail",
    ),
    Difference(
        "health",
        "gRPC's service is optional and always SERVING; REST has none",
        "SERVING while each model has a version that answers; REST has"
        " /healthz, /readyz and a list at /v1/models",
    ),
    Difference(
        "profiler", "a service of its own, on unless it is turned off", "none"
    ),
    Difference(
        "metrics",
        "runtime_latency, model_warmup_latency and those of TensorFlow; REST"
        " answers 400 at a wrong path",
        "tfdisent_* instead: answers by version, batches, versions loaded;"
        " 404 at a wrong path",
    ),
    Difference(
        "pages beside the protocol",
        "none",
        "the latent explorer at /, and model cards at /cards",
        "--explorer=false",
    ),
    Difference(
        "reload over gRPC",
        "HandleReloadConfigRequest is open to all, for any folder; a refused"
        " config may be half taken",
        "off; within --model_roots; whole or not at all; metric_names are"
        " ignored",
        "--enable_model_reload --model_roots=/",
    ),
    Difference(
        "size of a request",
        "2 GiB; no limit over REST",
        "64 MiB, inflated; limits on nesting, numbers and rows too",
        "--max_body_bytes and the other --max flags",
    ),
    Difference(
        "size of an answer",
        "2 GiB; no limit over REST",
        "as many numbers as a request; as much work as --max_waiting_rows rows",
        "--max_elements and --max_waiting_rows",
    ),
    Difference(
        "fixed limits",
        "a tensor has 254 axes at most; a gRPC message any count of fields",
        "32 axes; 65,536 fields; 2^20 values in a JSON body that is more than"
        " one list; large bodies at a time as 4 of --max_body_bytes",
    ),
    Difference(
        "requests at a time",
        "any number; those beyond 4 threads a processor wait",
        "at most --max_concurrent_requests; more get UNAVAILABLE or 503",
        "a large --max_concurrent_requests",
    ),
    Difference(
        "time for a request",
        "gRPC: what the client gives",
        "gRPC too: at most --rest_api_timeout_in_ms",
        "--rest_api_timeout_in_ms",
    ),
    Difference(
        "slow clients",
        "keep their connections",
        "are cut off if a request or the reading of an answer takes longer"
        " than --read_seconds",
        "a large --read_seconds",
    ),
    Difference(
        "age of connections",
        "gRPC's live for ever",
        "are renewed after 10 times --read_seconds, so that answers which"
        " nobody takes are let go",
        "a large --read_seconds",
    ),
    Difference(
        "batching",
        "off; requests of different shapes fail each other, and larger ones"
        " than a batch are refused",
        "what waits runs together, after each was checked; large requests"
        " are cut, with at most --max_waiting_rows waiting",
        "--enable_batching=false for none",
    ),
    Difference(
        "batching parameters",
        "thread_pool_name and pad_variable_length_inputs count; a model may"
        " have its own file; one client waits batch_timeout_micros",
        "the first two change nothing; one file is for all models; one"
        " client waits for nothing",
    ),
    Difference(
        "empty batches",
        "run, or fail in a kernel; over REST, [] has one axis",
        "are answered without a run; over REST, [] has the axes of its input",
    ),
    Difference(
        "PNG files",
        "unpack as far as they go, with their texts and profiles",
        "unpack to 2 bytes for each of --max_elements in a request, at most",
        "a large --max_elements",
    ),
    Difference(
        "wrong shapes",
        "run, and get the code of the operation that fails, even UNIMPLEMENTED",
        "INVALID_ARGUMENT before anything runs",
    ),
    Difference(
        "numbers",
        "300 wraps around in a uint8, over REST; gRPC takes more values"
        " than the shape has, and texts too few",
        "INVALID_ARGUMENT",
    ),
    Difference(
        "dtypes",
        "half, bfloat16, complex and quantized are for gRPC alone",
        "for neither: INVALID_ARGUMENT or UNIMPLEMENTED",
    ),
    Difference(
        "JSON over REST",
        "NaN, unknown keys and text after the body pass",
        "the same, or 400 with --strict; a byte order mark is 400",
        "without --strict",
    ),
    Difference(
        "packed REST bodies",
        "gzip, inflated to 100 MiB; a broken one is an empty body",
        "gzip and deflate, inflated to --max_body_bytes; a broken one is"
        " 400, others are 415",
    ),
    Difference(
        "REST answers",
        "with line breaks; 404 and errors of HTTP without JSON",
        "predictions in one line; all errors are JSON",
    ),
    Difference(
        "gRPC messages",
        "one that cannot be read is INTERNAL",
        "INVALID_ARGUMENT",
    ),
    Difference(
        "gRPC answers",
        "numbers in typed fields of a TensorProto",
        "numbers in tensor_content; clients read both",
    ),
    Difference(
        "Classify and Regress",
        "run signatures of these kinds",
        "UNIMPLEMENTED for those, over REST INVALID_ARGUMENT; for others"
        " INVALID_ARGUMENT, as theirs",
    ),
    Difference(
        "MultiInference", "runs several of these signatures", "UNIMPLEMENTED"
    ),
    Difference(
        "names",
        "models and labels have any",
        "1 to 128 letters, digits, '_', '.' or '-'",
    ),
    Difference(
        "config file",
        "applied at each poll; URIs and logging_config are taken",
        "applied when it changed; URIs and logging_config are refused",
    ),
    Difference(
        "base path",
        "may be the URI of a bucket; a version stays though its folder"
        " moved to another base path",
        "a folder of this machine (mount the bucket); a new base path is"
        " loaded",
    ),
    Difference(
        "labels at the start",
        "one without a version ends the server",
        "it is a warning; requests for it fail until the version is there",
    ),
    Difference(
        "folders of one number", "one of 1 and 001 is taken", "1 is taken"
    ),
    Difference(
        "warm-up", "requests of all kinds", "of Predict; others fail the load"
    ),
    Difference(
        "damaged versions",
        "one without variables is AVAILABLE and fails each request",
        "it fails to load, and the version before goes on",
    ),
    Difference(
        "requests for them",
        "are told that there is no such version",
        "are told so in the same words, then that it failed to load",
    ),
    Difference(
        "versions that ended",
        "stay in the status for ever",
        "the highest 10 stay; a version whose files change is tried again"
        " at once",
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
