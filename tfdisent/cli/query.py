"""Asks a served model, of bin/serve or of TensorFlow Serving.

bin/query --model=NAME COMMAND [ARGUMENT...]

Commands:
  encode IMAGE...            Mean and standard deviation of each latent.
  decode CODES...            Pictures of codes, each as numbers with commas.
  reconstruct IMAGE...       Pictures, and below each what the model makes of
                             it.
  traverse [IMAGE | CODES]   Pictures while one latent after another moves, from
                             an image, a code, or the middle of the prior.
  sample COUNT               Pictures and codes of draws from the prior.
  status                     The model's versions and their states.
  metadata                   All signatures that the model has.

Codes that begin with a minus follow --, as in: decode -- -1,0.5
With --workdir, encode and traverse tell what the latents mean, as the model
card of the run's export says.
"""

import pathlib

from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli import quiet_grpc  # noqa: F401
from tfdisent.cli.help_text import command_help
from tfdisent.cli.model_of_run import model_of
from tfdisent.cli.query_commands import COMMANDS
from tfdisent.cli.query_pictures import check_output
from tfdisent.errors import RunError, UsageError
from tfdisent.serving.client import Client, ClientTls
from tfdisent.serving.client.wire import NoServer, Unreached
from tfdisent.serving.status import Code, ServingError

FLAGS = flags.FLAGS
flags.DEFINE_string(
    "server",
    "localhost:8500",
    "Address: HOST:PORT of gRPC, or http(s)://HOST:PORT of REST.",
)
flags.DEFINE_string("model", None, "Name of the model.")
flags.DEFINE_string(
    "workdir", None, "Folder of a run, whose model's name is asked for."
)
flags.DEFINE_integer(
    "version", None, "That must answer, else the newest.", lower_bound=0
)
flags.DEFINE_string("label", None, "Of the version that must answer.")
flags.DEFINE_float("timeout", 10.0, "Seconds to wait for an answer.")
flags.DEFINE_string("token_file", None, "File of the token to show.")
flags.DEFINE_string(
    "root_certificate",
    None,
    "PEM file with whom to trust; gRPC then uses TLS.",
)
_DAY = 86_400  # Seconds.
_FLAGS = ["server", "model", "workdir", "version", "label", "latent", "values"]
_FLAGS += ["seed", "output", "plain", "resize", "json", "timeout", "token_file"]
_FLAGS += ["root_certificate"]


def main(argv: list[str]) -> None:
    """Does what the command line asks for."""
    command, *arguments = argv[1:] or [""]
    if command not in COMMANDS:
        given = f"{command} is no command" if command else "no command is given"
        raise UsageError(f"{given}; give one of {', '.join(COMMANDS)}.")
    if FLAGS.output:
        check_output(pathlib.Path(FLAGS.output))
    try:
        with _client() as client:
            COMMANDS[command](client, arguments)
    except NoServer as error:
        raise RunError(f"{error}; start one with bin/serve.") from error
    except Unreached as error:
        raise RunError(f"{error}.") from error
    except ServingError as error:
        if error.code == Code.DEADLINE_EXCEEDED:
            raise RunError(
                f"{FLAGS.server} gave no answer in {FLAGS.timeout:g} s; "
                "--timeout gives it more."
            ) from error
        raise RunError(f"{FLAGS.server} says: {error}") from error


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    return command_help(__doc__, _FLAGS)


def _client() -> Client:
    if not 0 < FLAGS.timeout <= _DAY:
        raise UsageError(
            f"--timeout={FLAGS.timeout:g} must be over 0 and at most {_DAY} "
            "seconds."
        )
    root = FLAGS.root_certificate
    return Client(
        FLAGS.server,
        _model_name(),
        version=FLAGS.version,
        label=FLAGS.label,
        timeout=FLAGS.timeout,
        token=_read(FLAGS.token_file).strip() if FLAGS.token_file else None,
        tls=ClientTls(root) if root else None,
    )


def _model_name() -> str:
    if FLAGS.model:
        return FLAGS.model
    if not FLAGS.workdir:
        raise UsageError(
            "--model is missing; give the name of the model, or the run's "
            "--workdir."
        )
    return model_of(pathlib.Path(FLAGS.workdir))


def _read(path: pathlib.Path | str) -> str:
    try:
        return pathlib.Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise RunError(f"{path} cannot be read: {reason}.") from error


if __name__ == "__main__":
    cli_main.run(main, help_text)
