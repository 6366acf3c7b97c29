"""How to serve, from the flags of bin/serve."""

import functools
from pathlib import Path

from absl import flags

from tfdisent.errors import UsageError
from tfdisent.serving.inference.batching import Batching, read_batching
from tfdisent.serving.limits import Limits
from tfdisent.serving.monitoring_config import DEFAULT_PATH, read_metrics_path
from tfdisent.serving.server_options import ServerOptions
from tfdisent.serving.tls import Tls
from tfdisent.serving.token import Token

FLAGS = flags.FLAGS
_LIMITS = Limits()
_OPTIONS = ServerOptions()

_at_least_0 = functools.partial(flags.DEFINE_float, lower_bound=0)
_port = functools.partial(
    flags.DEFINE_integer, lower_bound=-1, upper_bound=65535
)
_number = functools.partial(flags.DEFINE_integer, lower_bound=0)
_count = functools.partial(flags.DEFINE_integer, lower_bound=1)
_text = flags.DEFINE_string
_bool = flags.DEFINE_bool

# Those of TensorFlow Serving first, by its names.
_FLAGS = {
    "port": (_port, 8500, "Of gRPC; 0 for none, -1 for any free one."),
    "rest_api_port": (_port, 8501, "Of REST; 0 for none, -1 for any free one."),
    "grpc_socket_path": (_text, None, "UNIX socket for gRPC, beside the port."),
    "file_system_poll_wait_seconds": (
        flags.DEFINE_float,
        _OPTIONS.poll_seconds,
        "Between looks for new versions; 0 looks once.",
    ),
    "model_config_file_poll_wait_seconds": (
        _at_least_0,
        _OPTIONS.config_poll_seconds,
        "Between looks at --model_config_file; 0 for none.",
    ),
    "max_num_load_retries": (
        _number,
        _OPTIONS.max_load_retries,
        "Of a version that failed to load.",
    ),
    "load_retry_interval_micros": (
        _number,
        round(_OPTIONS.load_retry_seconds * 1e6),
        "Between them, in microseconds.",
    ),
    "allow_version_labels_for_unavailable_models": (
        _bool,
        False,
        "Whether a new label may name a version that is not loaded yet.",
    ),
    "enable_batching": (
        _bool,
        True,
        "Whether requests that wait run together.",
    ),
    "batching_parameters_file": (
        _text,
        None,
        "How, as BatchingParameters in text form.",
    ),
    "ssl_config_file": (
        _text,
        None,
        "TLS for gRPC and REST: SSLConfig in text form, with PEM text in it. "
        "It may be replaced while the server runs.",
    ),
    "monitoring_config_file": (
        _text,
        None,
        "MonitoringConfig in text form; metrics are at "
        f"{DEFAULT_PATH} unless it says otherwise.",
    ),
    "rest_api_timeout_in_ms": (
        _count,
        round(1000 * _LIMITS.request_seconds),
        "For the answer of a request, gRPC's too.",
    ),
    "rest_api_enable_cors_support": (
        _bool,
        False,
        "Whether web pages of any origin may ask.",
    ),
    "explorer": (
        _bool,
        _OPTIONS.explorer,
        "Whether a page on which a person turns the latents is at REST's /.",
    ),
    "host": (
        _text,
        _OPTIONS.host,
        "Address to listen on; 0.0.0.0 lets other machines in.",
    ),
    "token_file": (
        _text,
        None,
        "File of a secret that requests must carry, as `Authorization: "
        "Bearer SECRET`. It may be replaced while the server runs.",
    ),
    "enable_model_reload": (
        _bool,
        False,
        "Whether clients may send another configuration "
        "(HandleReloadConfigRequest).",
    ),
    "model_roots": (
        flags.DEFINE_list,
        [],
        "Folders in which all models must lie, with commas between.",
    ),
    "grace_seconds": (
        _at_least_0,
        _OPTIONS.grace_seconds,
        "That requests in flight have after SIGTERM or Ctrl-C.",
    ),
    "strict": (
        _bool,
        False,
        "Refuse NaN, unknown keys and text after a JSON body.",
    ),
    "max_body_bytes": (_count, _LIMITS.body_bytes, "Of a request."),
    "max_json_depth": (_count, _LIMITS.json_depth, "Of a REST request."),
    "max_elements": (_count, _LIMITS.elements, "Numbers in a request."),
    "max_rows": (_count, _LIMITS.rows, "Batch size of a request."),
    "max_concurrent_requests": (
        _count,
        _LIMITS.concurrent_requests,
        "Of all clients; more are refused.",
    ),
    "max_waiting_rows": (
        _count,
        _LIMITS.waiting_rows,
        "That wait for one signature; more are refused.",
    ),
    "read_seconds": (
        functools.partial(flags.DEFINE_float, lower_bound=0.1),
        _LIMITS.read_seconds,
        "For a client to send a request, or to take an answer.",
    ),
}
NAMES = tuple(_FLAGS)


def define_flags() -> None:
    """Defines the flags in `NAMES`."""
    for name, (define, default, meaning) in _FLAGS.items():
        define(name, default, meaning)


def from_flags() -> ServerOptions:
    """The options that the flags give.

    Raises:
      UsageError: a file is wrong, or flags do not fit together.
    """
    port, rest_port = map(_port_number, (FLAGS.port, FLAGS.rest_api_port))
    if port and port == rest_port:
        raise UsageError(
            f"--port and --rest_api_port are both {port}; they must differ."
        )
    if (port, rest_port, FLAGS.grpc_socket_path) == (None, None, None):
        raise UsageError(
            "--port and --rest_api_port are both 0: nobody could ask."
        )
    if FLAGS.enable_model_reload and not FLAGS.model_roots:
        raise UsageError(
            "--enable_model_reload lets clients name folders; say which with"
            " --model_roots."
        )
    return ServerOptions(
        host=FLAGS.host,
        port=port,
        rest_port=rest_port,
        socket_path=_file("grpc_socket_path", Path),
        tls=_file("ssl_config_file", Tls),
        token=_file("token_file", Token),
        limits=_limits(),
        batching=_batching(),
        metrics_path=_metrics_path(),
        cors=FLAGS.rest_api_enable_cors_support,
        explorer=FLAGS.explorer,
        config_file=_file("model_config_file", Path),
        config_poll_seconds=FLAGS.model_config_file_poll_wait_seconds,
        poll_seconds=FLAGS.file_system_poll_wait_seconds,
        max_load_retries=FLAGS.max_num_load_retries,
        load_retry_seconds=FLAGS.load_retry_interval_micros / 1e6,
        allow_labels_for_unavailable=(
            FLAGS.allow_version_labels_for_unavailable_models
        ),
        enable_reload=FLAGS.enable_model_reload,
        allowed_roots=[*map(Path, FLAGS.model_roots)] or None,
        grace_seconds=FLAGS.grace_seconds,
    )


def _port_number(given: int) -> int | None:
    """As `ServerOptions` has it; theirs must stay what it was: 0 is none."""
    return {0: None, -1: 0}.get(given, given)


def _file(name: str, read):
    return read(Path(FLAGS[name].value)) if FLAGS[name].value else None


def _batching() -> Batching:
    if not FLAGS.enable_batching:
        if FLAGS.batching_parameters_file:
            raise UsageError(
                "--batching_parameters_file is given, but --enable_batching is"
                " false."
            )
        return Batching(max_batch_size=1)
    return _file("batching_parameters_file", read_batching) or _OPTIONS.batching


def _metrics_path() -> str | None:
    if FLAGS.monitoring_config_file:
        return read_metrics_path(Path(FLAGS.monitoring_config_file))
    return DEFAULT_PATH


def _limits() -> Limits:
    return Limits(
        body_bytes=FLAGS.max_body_bytes,
        json_depth=FLAGS.max_json_depth,
        elements=FLAGS.max_elements,
        rows=FLAGS.max_rows,
        concurrent_requests=FLAGS.max_concurrent_requests,
        waiting_rows=FLAGS.max_waiting_rows,
        request_seconds=FLAGS.rest_api_timeout_in_ms / 1000,
        read_seconds=FLAGS.read_seconds,
        is_strict=FLAGS.strict,
    )
