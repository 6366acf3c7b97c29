"""Draws the figures of a trained run: traversals, reconstructions, and more.

bin/traverse --workdir=W
bin/traverse --workdir=W --figures=pca,animation --format=png,svg
bin/traverse --workdir=W --figures=traversals --range=quantiles --latents=0,4
bin/traverse --workdir=W --compare=V,U
bin/traverse --workdir=W --grid=-2:2:9 --latents=0,1,4
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
import math
import pathlib
from collections.abc import Sequence

from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli import trained_run
from tfdisent.cli.help_text import command_help
from tfdisent.cli.number_lists import values_of
from tfdisent.errors import UsageError
from tfdisent.evaluation.draw import (
    FIGURES,
    USUAL,
    draw_grid,
    draw_run,
    draw_runs,
)
from tfdisent.evaluation.draw_subject import Walk
from tfdisent.evaluation.figures.save_figure import FORMATS

FLAGS = flags.FLAGS
RANGES = {"prior": 3.0, "quantiles": None}
trained_run.define_flags()
flags.DEFINE_list(
    "figures",
    None,
    "Which, with commas between; by default the first "
    f"{len(USUAL)}, as far as they can be made of this run:\n"
    + "\n".join(f"{name}: {drawn.meaning}" for name, drawn in FIGURES.items()),
)
flags.DEFINE_list(
    "format", None, f"Of figures: {', '.join(FORMATS)}; png by default."
)
flags.DEFINE_string(
    "range",
    "prior",
    "Of traversals: a number S for -S to S, in standard deviations of the "
    "prior; prior for 3; or quantiles, from the 1 % to the 99 % quantile of "
    "each latent over the data.",
)
flags.DEFINE_integer(
    "start",
    None,
    "Index of the image that traversals start from; by default the one in the "
    "middle of all factors.",
)
flags.DEFINE_list(
    "latents",
    None,
    "Latents that are shown, all by default; or those of --grid, the last one "
    "fastest, by default the active ones, while the others are 0.",
)
flags.DEFINE_list(
    "compare",
    None,
    "Draw one figure instead, comparison: what this run and those of these "
    "folders make of the same images.",
)
flags.DEFINE_string(
    "grid",
    None,
    "Draw one mosaic instead: all combinations of these values of the latents "
    "of --latents, as -2,0,2 or FIRST:LAST:COUNT, in standard deviations of "
    "the prior.",
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    values = None if FLAGS.grid is None else values_of(FLAGS.grid, "grid")
    latents = _numbers("latents")
    _check_one_of("figures", "compare", "grid")
    figures = _names("figures", FIGURES) or None
    formats = _names("format", FORMATS) or ["png"]
    walk = Walk(_reach(FLAGS.range), FLAGS.start, latents)
    run = trained_run.from_flags(argv)
    of_run = (run.model, run.dataset, run.workdir)
    if values is not None:
        paths = draw_grid(*of_run, values, latents, formats=formats)
    elif FLAGS.compare:
        others = [trained_run.load(pathlib.Path(p)) for p in FLAGS.compare]
        runs = [of_run] + [(o.model, o.dataset, o.workdir) for o in others]
        paths = draw_runs(runs, walk=walk, formats=formats)
    else:
        paths = draw_run(*of_run, figures=figures, walk=walk, formats=formats)
    for path in paths:
        print(f"pictures  {path}")


def _check_one_of(*names: str) -> None:
    given = [name for name in names if FLAGS[name].value is not None]
    if len(given) > 1:
        raise UsageError(
            f"--{given[0]} and --{given[1]} draw different things; give one "
            "of them."
        )


def _numbers(flag: str) -> list[int] | None:
    texts = FLAGS[flag].value
    if texts is None:
        return None
    if not all(text.isdecimal() for text in texts):
        raise UsageError(
            f"--{flag}={','.join(texts)} is not understood; write their "
            "numbers with commas between, as 0,1,4."
        )
    return [int(text) for text in texts]


def _names(flag: str, known: Sequence[str]) -> list[str] | None:
    names = FLAGS[flag].value
    for name in names or ():
        if name not in known:
            raise UsageError(
                f"--{flag}={name} is not known; choose from {', '.join(known)}."
            )
    return names


def _reach(text: str) -> float | None:
    if text in RANGES:
        return RANGES[text]
    try:
        reach = float(text)
    except ValueError:
        reach = math.nan
    if not 0 < reach < math.inf:
        raise UsageError(
            f"--range={text} is neither {' nor '.join(RANGES)} nor a number "
            "above 0."
        )
    return reach


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    own = [
        *("workdir", "figures", "format", "range", "start", "latents"),
        *("compare", "grid", "data_dir"),
    ]
    return command_help(__doc__, own)


if __name__ == "__main__":
    cli_main.run(main, help_text)
