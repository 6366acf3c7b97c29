"""Draws the figures of a trained run: traversals, reconstructions, and more.

bin/traverse --workdir=W
bin/traverse --workdir=W --grid=-2,-1,0,1,2 --grid_latents=0,1,4
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli import trained_run
from tfdisent.cli.help_text import command_help
from tfdisent.errors import UsageError
from tfdisent.evaluation.draw import draw_grid, draw_run

FLAGS = flags.FLAGS
trained_run.define_flags()
flags.DEFINE_list(
    "grid",
    None,
    "Draw one mosaic instead: all combinations of these values, in standard "
    "deviations of the prior, of the latents of --grid_latents.",
)
flags.DEFINE_list(
    "grid_latents",
    None,
    "Latents of the mosaic, the last one fastest; the active ones by default. "
    "The others are 0.",
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    values = numbers("grid", float)
    latents = numbers("grid_latents", int)
    if latents and values is None:
        raise UsageError("--grid_latents is for --grid; give its values.")
    run = trained_run.from_flags(argv)
    if values is None:
        paths = draw_run(run.model, run.dataset, run.workdir)
    else:
        paths = [
            draw_grid(run.model, run.dataset, run.workdir, values, latents)
        ]
    for path in paths:
        print(f"pictures  {path}")


def numbers(name: str, kind: type) -> list | None:
    """The numbers of a flag that lists some.

    Raises:
      UsageError: If one is no number.
    """
    if FLAGS[name].value is None:
        return None
    try:
        return [kind(text) for text in FLAGS[name].value]
    except ValueError:
        raise UsageError(
            f"--{name}={','.join(FLAGS[name].value)} is not understood; write "
            "numbers with commas between them."
        ) from None


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    own = ["workdir", "grid", "grid_latents", "data_dir"]
    return command_help(__doc__, own)


if __name__ == "__main__":
    cli_main.run(main, help_text)
