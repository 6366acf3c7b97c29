"""Makes one HTML file of all that is known of a run.

    bin/report --workdir=W

It has the numbers, figures, settings and provenance, needs no other file and
no network, and prints well. What a run does not have yet it names, with the
command that makes it.
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
import pathlib

from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli.help_text import command_help
from tfdisent.cli.train_command import train_command
from tfdisent.errors import UsageError
from tfdisent.models import INSTRUMENTS
from tfdisent.report.page import html_page
from tfdisent.report.run_record import read_run
from tfdisent.training.workdir import write_atomically

FLAGS = flags.FLAGS
flags.DEFINE_string("workdir", None, "Folder of the run.")
flags.DEFINE_string("output", None, "The file; W/report.html by default.")


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    if argv[1:]:
        raise UsageError(
            f"{' '.join(argv[1:])} is not understood; write --flag=value."
        )
    if not FLAGS.workdir:
        raise UsageError("--workdir is missing; give the folder of a run.")
    workdir = pathlib.Path(FLAGS.workdir)
    run = read_run(workdir)
    if run.config.model in INSTRUMENTS:
        raise UsageError(
            f"{workdir} is a run of {run.config.model}, which belongs to a "
            "study and has no report of its own."
        )
    path = pathlib.Path(FLAGS.output or workdir / "report.html")
    write_atomically(path, html_page(run, train_command(run.config)))
    print(f"report    {path}")


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    return command_help(__doc__, ["workdir", "output"])


if __name__ == "__main__":
    cli_main.run(main, help_text)
