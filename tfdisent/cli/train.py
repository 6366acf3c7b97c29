"""Trains a model, measures it, draws it and exports it.

    bin/train --model=beta_tcvae --beta=6

All of it goes into --workdir. A run that was stopped goes on with the same
command; one that is done is only shown again.
"""

import pathlib

from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli import run_flags, summary
from tfdisent.cli.results import finish
from tfdisent.errors import UsageError
from tfdisent.training.config import build_dataset
from tfdisent.training.trainer import train

FLAGS = flags.FLAGS
run_flags.define_run_flags()
flags.DEFINE_string(
    "workdir", None, "Folder of the run; runs/<model>-<dataset>-<flags>."
)
flags.DEFINE_float(
    "checkpoint_seconds", 30.0, "Time between checkpoints.", lower_bound=0
)
flags.DEFINE_bool(
    "tensorboard", False, "Write event files into workdir/tensorboard."
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    if argv[1:]:
        raise UsageError(
            f"{' '.join(argv[1:])} is not understood; write --flag=value."
        )
    config = run_flags.config_from_flags()
    workdir = pathlib.Path(FLAGS.workdir or run_flags.default_workdir())
    print(f"workdir   {workdir}", flush=True)
    dataset = build_dataset(config, FLAGS.data_dir)
    if FLAGS.epochs is not None:
        config = run_flags.config_from_flags(len(dataset))
    print(f"data      {dataset.name}, {dataset.provenance}", flush=True)
    model = train(
        config,
        dataset,
        workdir,
        checkpoint_seconds=FLAGS.checkpoint_seconds,
        tensorboard=FLAGS.tensorboard,
    )
    evaluation = finish(config, dataset, model, workdir)
    print(summary.text(workdir, evaluation))


def help_text(argv: list[str]) -> str:
    """What bin/train --help shows."""
    own = ("workdir", "checkpoint_seconds", "tensorboard")
    return run_flags.help_text(__doc__.strip(), own, argv)


if __name__ == "__main__":
    cli_main.run(main, help_text)
