"""Draws the figures of a trained run: traversals, reconstructions, and more.

bin/traverse --workdir=W
bin/traverse --workdir=W --grid=-2:2:9 --grid_latents=0,1,4
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli import trained_run
from tfdisent.cli.help_text import command_help
from tfdisent.cli.number_lists import values_of
from tfdisent.errors import UsageError
from tfdisent.evaluation.draw import draw_grid, draw_run

FLAGS = flags.FLAGS
trained_run.define_flags()
flags.DEFINE_string(
    "grid",
    None,
    "Draw one mosaic instead: all combinations of these values of the latents "
    "of --grid_latents, as -2,0,2 or FIRST:LAST:COUNT, in standard deviations "
    "of the prior.",
)
flags.DEFINE_list(
    "grid_latents",
    None,
    "Latents of the mosaic, the last one fastest; the active ones by default. "
    "The others are 0.",
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    values = None if FLAGS.grid is None else values_of(FLAGS.grid, "grid")
    latents = _grid_latents()
    run = trained_run.from_flags(argv)
    of_run = (run.model, run.dataset, run.workdir)
    if values is None:
        paths = draw_run(*of_run)
    else:
        paths = [draw_grid(*of_run, values, latents)]
    for path in paths:
        print(f"pictures  {path}")


def _grid_latents() -> list[int] | None:
    texts = FLAGS.grid_latents
    if texts is None:
        return None
    if FLAGS.grid is None:
        raise UsageError("--grid_latents is for --grid; give its values.")
    if not all(text.isdecimal() for text in texts):
        raise UsageError(
            f"--grid_latents={','.join(texts)} is not understood; write their "
            "numbers with commas between, as 0,1,4."
        )
    return [int(text) for text in texts]


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    own = ["workdir", "grid", "grid_latents", "data_dir"]
    return command_help(__doc__, own)


if __name__ == "__main__":
    cli_main.run(main, help_text)
