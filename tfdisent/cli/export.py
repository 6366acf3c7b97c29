"""Exports a trained run as the next version for TensorFlow Serving.

bin/export --workdir=W

A model card lies in the version, in assets.extra/model_card.json.
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli import trained_run
from tfdisent.cli.help_text import command_help
from tfdisent.cli.results import export_run
from tfdisent.cli.summary import serving

FLAGS = flags.FLAGS
trained_run.define_flags()


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    run = trained_run.from_flags(argv)
    version = export_run(
        run.config, run.dataset, run.model, run.workdir, run.step
    )
    print("\n".join(serving(run.workdir, version, run.config.model)))


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    return command_help(__doc__, ["workdir", "data_dir"])


if __name__ == "__main__":
    cli_main.run(main, help_text)
