"""Shows how runs train, live in a terminal; it never writes.

    bin/watch --workdir=W
    bin/watch --runs='runs/beta_vae/seed*'

It ends when all are trained, or with Ctrl-C; they train on. Where the output
is no terminal it prints what is there now and ends.
"""

import contextlib
import glob
import pathlib
import signal
import time

from absl import flags
from rich.console import Console
from rich.live import Live

from tfdisent.cli import main as cli_main
from tfdisent.cli.help_text import command_help
from tfdisent.cli.watch_view import view
from tfdisent.cli.watched_run import WatchedRun, read_run
from tfdisent.errors import UsageError

FLAGS = flags.FLAGS
SECONDS = 1.0  # between two looks

flags.DEFINE_string("workdir", None, "Folder of a run, there yet or not.")
flags.DEFINE_string(
    "runs", None, "Folders of several runs, as 'runs/beta_vae/seed*'."
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    if argv[1:]:
        raise UsageError(
            f"{' '.join(argv[1:])} is not understood; write --flag=value, and "
            "a pattern in quotes."
        )
    if bool(FLAGS.workdir) == bool(FLAGS.runs):
        raise UsageError("Give one of --workdir and --runs.")
    runs = read_runs()
    console = Console()
    if console.is_terminal:
        runs = _follow(console, runs)
    console.print(view(runs))


def read_runs() -> list[WatchedRun]:
    """The runs that the flags name, as they are now.

    Raises:
      UsageError: If there is none.
    """
    if FLAGS.workdir:
        return [read_run(pathlib.Path(FLAGS.workdir))]
    found = [pathlib.Path(path) for path in sorted(glob.glob(FLAGS.runs))]
    runs = [read_run(path) for path in found if path.is_dir()]
    runs = [run for run in runs if run.config is not None]
    if not runs:
        raise UsageError(
            f"--runs={FLAGS.runs} finds no run; give a pattern of folders that "
            "have a config.json, in quotes."
        )
    return runs


def _follow(console: Console, runs: list[WatchedRun]) -> list[WatchedRun]:
    """Shows the runs until all are trained or somebody has seen enough."""
    # A shell that put us into the background had SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with (
        contextlib.suppress(KeyboardInterrupt),
        Live(console=console, screen=True, auto_refresh=False) as live,
    ):
        while any(run.state != "trained" for run in runs):
            live.update(view(runs, console.height), refresh=True)
            time.sleep(SECONDS)
            runs = read_runs()
    return runs


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    return command_help(__doc__, ["workdir", "runs"])


if __name__ == "__main__":
    cli_main.run(main, help_text)
