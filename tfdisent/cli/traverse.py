"""Draws the figures of a trained run: traversals, reconstructions, and more.

bin/traverse --workdir=W
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli import trained_run
from tfdisent.cli.help_text import command_help
from tfdisent.evaluation.draw import draw_run

FLAGS = flags.FLAGS
trained_run.define_flags()


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    run = trained_run.from_flags(argv)
    for path in draw_run(run.model, run.dataset, run.workdir):
        print(f"pictures  {path}")


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    return command_help(__doc__, ["workdir", "data_dir"])


if __name__ == "__main__":
    cli_main.run(main, help_text)
