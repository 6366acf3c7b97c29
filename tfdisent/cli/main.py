"""What all commands share: flags, help, errors and exit codes."""

import logging as std_logging
import os
import sys
from collections.abc import Callable

from absl import app, flags, logging

from tfdisent.errors import Interrupted, RunError, UsageError

_FROM_TFDS = "FeatureConnector.dtype"  # deprecated, and used by TFDS itself
_HELP = ("--help", "-help", "-h", "--helpshort", "--helpfull")


def run(
    main: Callable[[list[str]], None], help_text: Callable[[list[str]], str]
):
    """Runs a command and ends the process.

    Exit codes: 0; 2 for what the user gave; 1 for what failed; 128 + n after
    signal n. Errors of these kinds are one sentence on stderr.

    Args:
      main: Takes the arguments left over after the flags.
      help_text: Gives the text of --help from the command line, instead of
      absl's list of all flags.
    """
    # Libraries that log through absl say what they do at every save.
    logging.set_verbosity(logging.WARNING)
    handler = logging.get_absl_handler()
    handler.setFormatter(_Plain())
    handler.addFilter(lambda record: _FROM_TFDS not in record.getMessage())
    if any(argument in _HELP for argument in sys.argv[1:]):
        arguments = [a for a in sys.argv if a not in _HELP]
        _guarded(lambda: print(help_text(arguments)))
        sys.exit(0)
    app.run(lambda argv: _guarded(lambda: main(argv)), flags_parser=_parse)


class _Plain(std_logging.Formatter):
    """Warnings as `warning: ...`, without time, process and line."""

    def format(self, record: std_logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {record.getMessage()}"


def _parse(argv: list[str]) -> list[str]:
    try:
        return flags.FLAGS(argv)
    except flags.Error as error:
        _fail(error, 2)


def _guarded(function: Callable[[], None]) -> None:
    try:
        function()
    except (UsageError, flags.Error) as error:
        _fail(error, 2)
    except RunError as error:
        _fail(error, 1)
    except Interrupted as stop:
        _fail(
            f"stopped by {stop}; the same command goes on.", 128 + stop.signum
        )
    except KeyboardInterrupt:
        _fail("stopped by SIGINT.", 130)
    except BrokenPipeError:
        # Whoever reads has seen enough; Python would complain when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _fail(reason, code: int):
    print(f"error: {reason}" if code < 3 else reason, file=sys.stderr)
    sys.exit(code)
