"""Repeats a published experiment: trains its runs, and compares.

    bin/study factor_capacity --seeds=0-4

Each run has a folder in --workdir. A study that was stopped goes on with the
same command.
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
import inspect
import pathlib

from absl import flags

from tfdisent.cli import data_flags
from tfdisent.cli import main as cli_main
from tfdisent.cli.help_text import command_help
from tfdisent.cli.seeds import parse_seeds
from tfdisent.errors import UsageError
from tfdisent.models.arguments import check_choice
from tfdisent.studies import STUDIES
from tfdisent.studies.run_study import run_study

FLAGS = flags.FLAGS
data_flags.define_data_flags()
flags.DEFINE_string("workdir", None, "Folder of the study; runs/<study>.")
flags.DEFINE_string("seeds", "0-4", "Of the runs, as 0-4 or 0,2,5.")
flags.DEFINE_integer(
    "steps", None, "Updates of each run; the study's own unless given."
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    if len(argv) != 2:
        raise UsageError(
            f"{len(argv) - 1} studies were named; name one of "
            f"{', '.join(STUDIES)}."
        )
    name = argv[1]
    check_choice("the study", name, STUDIES)
    seeds = parse_seeds(FLAGS.seeds)
    workdir = pathlib.Path(FLAGS.workdir or pathlib.Path("runs", name))
    lines = run_study(
        STUDIES[name],
        data_flags.dataset_from_flags(),
        workdir,
        seeds=seeds,
        steps=FLAGS.steps,
        source=data_flags.source(),
    )
    print("\n".join(lines))


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    names = ["workdir", "seeds", "steps", *data_flags.NAMES, "data_dir"]
    studies = [
        f"  {name}: {inspect.getdoc(study).splitlines()[0]}"
        for name, study in STUDIES.items()
    ]
    return "\n".join([command_help(__doc__, names), "", "Studies:", *studies])


if __name__ == "__main__":
    cli_main.run(main, help_text)
