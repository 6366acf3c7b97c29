"""Trains a model, measures it, draws it and exports it.

    bin/train --model=beta_tcvae --beta=6
    bin/train --model=beta_tcvae --beta=6 --seeds=0-9

All of it goes into --workdir. A run that was stopped goes on with the same
command; one that is done is only shown again. With --seeds the runs of all
seeds follow one another in workdir/seed0, seed1 and so on.
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
import dataclasses
import pathlib

from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli import run_flags, summary
from tfdisent.cli.restart import restarting
from tfdisent.cli.results import finish
from tfdisent.cli.seed_sweep import sweep
from tfdisent.cli.seeds import parse_seeds
from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError
from tfdisent.evaluation.evaluate import calls_of
from tfdisent.training.claim import is_trained
from tfdisent.training.cluster import is_chief, read_task
from tfdisent.training.config import ExperimentConfig, build_dataset
from tfdisent.training.strategy import make_strategy
from tfdisent.training.trainer import train

FLAGS = flags.FLAGS
run_flags.define_run_flags()
flags.DEFINE_string(
    "workdir", None, "Folder of the run; runs/<model>-<dataset>-<flags>."
)
flags.DEFINE_float(
    "checkpoint_seconds", 30.0, "Time between checkpoints.", lower_bound=0
)
flags.DEFINE_string(
    "seeds", None, "Several seeds one after another, as 0-9 or 0,2,5."
)
flags.DEFINE_string(
    "metrics",
    None,
    "What is measured in the end, as for bin/evaluate; by default what takes "
    "seconds.",
)
flags.DEFINE_bool(
    "tensorboard",
    False,
    "Write scalars and pictures for TensorBoard into workdir/tensorboard.",
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    if argv[1:]:
        raise UsageError(
            f"{' '.join(argv[1:])} is not understood; write --flag=value."
        )
    if FLAGS.seeds is not None and FLAGS.seed is not None:
        raise UsageError(
            f"--seed={FLAGS.seed} and --seeds={FLAGS.seeds} were given; give "
            "one of them."
        )
    seeds = None if FLAGS.seeds is None else parse_seeds(FLAGS.seeds)
    calls_of(FLAGS.metrics)  # an error now and not after hours
    config = run_flags.config_from_flags()
    workdir = pathlib.Path(FLAGS.workdir or run_flags.default_workdir())
    print(f"workdir   {workdir}", flush=True)
    if seeds and config.strategy == "multi_worker":
        raise UsageError(
            f"--seeds={FLAGS.seeds} is for one machine; give multi_worker one "
            "--seed."
        )
    with restarting(workdir):
        _main(config, workdir, seeds)


def _main(config: ExperimentConfig, workdir: pathlib.Path, seeds) -> None:
    if config.strategy == "multi_worker" and not is_trained(workdir):
        # Before TensorFlow computes anything.
        print(f"worker    {read_task()}; waiting for all", flush=True)
        make_strategy(config.strategy)
    dataset = build_dataset(config, FLAGS.data_dir)
    if FLAGS.epochs is not None:
        config = run_flags.config_from_flags(len(dataset))
    print(f"data      {dataset.name}, {dataset.provenance}", flush=True)
    if seeds is None:
        run(config, dataset, workdir)
        return

    def run_seed(seed: int, workdir: pathlib.Path) -> dict:
        return run(dataclasses.replace(config, seed=seed), dataset, workdir)

    print(f"\n{sweep(run_seed, seeds, workdir)}")


def run(
    config: ExperimentConfig, dataset: FactorDataset, workdir: pathlib.Path
) -> dict:
    """Does one run from wherever it stands; gives its evaluation."""
    model = train(
        config,
        dataset,
        workdir,
        checkpoint_seconds=FLAGS.checkpoint_seconds,
        tensorboard=FLAGS.tensorboard,
    )
    if not is_chief(config.strategy):
        print("trained; the chief evaluates and exports")
        return {}
    evaluation = finish(config, dataset, model, workdir, FLAGS.metrics)
    print(summary.text(workdir, evaluation))
    return evaluation


def help_text(argv: list[str]) -> str:
    """What bin/train --help shows."""
    own = ("workdir", "seeds", "metrics", "checkpoint_seconds", "tensorboard")
    return run_flags.help_text(__doc__.strip(), own, argv)


if __name__ == "__main__":
    cli_main.run(main, help_text)
