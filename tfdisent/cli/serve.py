"""Serves exported models over gRPC and REST, as TensorFlow Serving does.

    bin/serve --workdir=runs/beta_tcvae-dsprites

A version that bin/export adds later is taken up without a pause. SIGTERM and
Ctrl-C let the requests in flight end.
"""

from tfdisent.cli import quiet_grpc  # noqa: F401

# isort: split
import logging as std_logging

import uvloop
from absl import flags, logging

from tfdisent.cli import main as cli_main
from tfdisent.cli import served_models, server_flags
from tfdisent.cli.help_text import command_help
from tfdisent.errors import UsageError
from tfdisent.export.native_session import start_runtime
from tfdisent.held_stderr import held_back_stderr
from tfdisent.serving.addresses import is_loopback, joined
from tfdisent.serving.differences import differences_table
from tfdisent.serving.inference.servable import THREADS
from tfdisent.serving.lifecycle import live
from tfdisent.serving.log_lines import LineFormatter
from tfdisent.serving.server import Server
from tfdisent.serving.version_status import State

FLAGS = flags.FLAGS
served_models.define_flags()
server_flags.define_flags()
flags.DEFINE_bool(
    "differences",
    False,
    "List where this server differs from TensorFlow Serving on purpose, and "
    "end.",
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    if argv[1:]:
        raise UsageError(
            f"{' '.join(argv[1:])} is not understood; write --flag=value."
        )
    if FLAGS.differences:
        print(differences_table())
        return
    with held_back_stderr():
        start_runtime(THREADS)
    logging.get_absl_handler().setFormatter(LineFormatter())
    logging.set_verbosity(logging.INFO)
    uvloop.run(_serve())


async def _serve() -> None:
    server = Server(served_models.from_flags(), server_flags.from_flags())
    await live(server, lambda: _announce(server))


def _announce(server: Server) -> None:
    models = server.manager.models()
    for name, statuses in models.items():
        versions = [s.version for s in statuses if s.state == State.AVAILABLE]
        listed = ", ".join(map(str, versions)) or "none that answers yet"
        print(f"model     {name}, version {listed}")
    options = server.options
    if not (is_loopback(options.host) or (options.tls and options.token)):
        std_logging.getLogger(__name__).warning(
            "other machines reach %s: give --ssl_config_file and --token_file"
            " unless something else guards it",
            options.host,
        )
    print("\n".join(_addresses(server, next(iter(models), "MODEL"))))
    print("end it    with Ctrl-C", flush=True)


def _addresses(server: Server, model: str) -> list[str]:
    options = server.options
    # All interfaces; this machine can be asked by its name.
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(
        options.host, options.host
    )
    lines, asked = [], ""
    if server.rest_port:
        scheme = "https" if options.tls else "http"
        asked = f"{scheme}://{joined(host, server.rest_port)}"
        lines.append(f"REST      {asked}/v1/models/{model}")
        if options.explorer:
            lines.append(f"page      {asked}/")
        if options.metrics_path:
            lines.append(f"metrics   {asked}{options.metrics_path}")
    if options.socket_path:
        asked = f"unix:{options.socket_path}"
        lines.append(f"gRPC      {asked}")
    if server.port:
        asked = joined(host, server.port)
        lines.append(f"gRPC      {asked}")
    line = f"ask it    bin/query --server={asked} --model={model}"
    if options.token:
        line += f" --token_file={FLAGS.token_file}"
    if options.tls:
        line += " --root_certificate=CA.pem"
    return [*lines, f"{line} metadata"]


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    names = [*served_models.NAMES, *server_flags.NAMES, "differences"]
    return command_help(__doc__, names)


if __name__ == "__main__":
    cli_main.run(main, help_text)
